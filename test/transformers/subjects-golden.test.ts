/** Every concept of the real thesauri against what InvenioRDM's own reader and transformers made of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rdf } from '../../readers/rdf.ts';
import { transformers } from '../support/shipped-components.ts';
import { RecordError } from '../../src/errors.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { isFailure } from '../../src/records/entry.ts';
import { readFlatRdf, type FlatConcept } from '../support/flat-rdf.ts';
import { bytesResource, readRecords } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { rules, type Sources, type Subject } from './subjects-differences.ts';

interface Case {
  readonly golden: string;
  readonly file: readonly string[];
  /** The same concepts in flat RDF/XML, where `file` is something else. */
  readonly flat?: readonly string[];
  readonly transformer: string;
  readonly concepts: number;
  readonly nameParent?: (iri: string, concept: FlatConcept | undefined) => string | undefined;
  /** Outputs that a rule changes. */
  readonly changed: Readonly<Record<string, number>>;
  /** Concepts without any label: InvenioRDM gives a subject "". */
  readonly unlabelled?: number;
}

const byNumber: Case['nameParent'] = (_iri, concept) => {
  const number = concept?.notations.find((notation) => /^\d+$/.test(notation));
  return number === undefined ? undefined : `euroscivoc:${number}`;
};
const byIri: Case['nameParent'] = (iri) => `gemet:${iri.split('/').slice(-2).join('/')}`;

const EUROSCIVOC = {
  'only the first letter of a label is raised': 302,
  'outer white space of labels is trimmed, and blank ones are left out': 4,
};
const NVS = { 'only the first letter of a label is raised': 20, 'a definition that is missing is left out': 23 };

const cases: readonly Case[] = [
  {
    golden: 'euroscivoc',
    file: ['euroscivoc', 'EuroSciVoc-skos-ap-eu.rdf'],
    transformer: 'euroscivoc-transformer',
    concepts: 1016,
    nameParent: byNumber,
    changed: EUROSCIVOC,
  },
  {
    golden: 'euroscivoc',
    file: ['euroscivoc', 'EuroSciVoc.ttl'],
    flat: ['euroscivoc', 'EuroSciVoc-skos-ap-eu.rdf'],
    transformer: 'euroscivoc-transformer',
    concepts: 1016,
    nameParent: byNumber,
    changed: EUROSCIVOC,
  },
  {
    golden: 'gemet',
    file: ['gemet', 'gemet.rdf.gz'],
    transformer: 'gemet-transformer',
    concepts: 5220,
    nameParent: byIri,
    changed: {
      'only the first letter of a label is raised': 1274,
      'outer white space of labels is trimmed, and blank ones are left out': 48,
      'a label of a region stands in for its language': 5207,
      'ancestors once each, the farthest first': 298,
      'a subject without an English label shows another one': 1,
    },
    unlabelled: 12,
  },
  {
    golden: 'gemet.skoscore',
    file: ['gemet', 'gemet-skoscore.rdf.gz'],
    transformer: 'gemet-transformer',
    concepts: 5220,
    nameParent: byIri,
    changed: { 'ancestors once each, the farthest first': 298 },
    unlabelled: 5220,
  },
  { golden: 'nvs.P02', file: ['nvs', 'P02.rdf'], transformer: 'nvs-transformer', concepts: 476, changed: NVS },
  {
    golden: 'nvs.P02_nested',
    file: ['nvs', 'P02_nested.rdf'],
    transformer: 'nvs-transformer',
    concepts: 476,
    changed: NVS,
  },
];

interface Line {
  readonly in_id: string;
  readonly out: Subject;
}

function readGolden(path: string): ReadonlyMap<string, Subject> {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as Line).map(({ in_id: id, out }) => [id, out]));
}

function createMapping(type: string): (concept: unknown) => unknown {
  const transformer = transformers.find((other) => other.type === type);
  if (transformer === undefined) throw new Error(`no transformer ${type}`);
  const transform = transformer.create(transformer.args.parse({}), { logger: silentLogger() });
  const context = { origin: () => '', warn: () => undefined };
  return (concept) => {
    try {
      return transform(concept, context);
    } catch (error) {
      if (error instanceof RecordError) return error.code;
      throw error;
    }
  };
}

async function readConcepts(path: string): Promise<readonly { readonly id: string }[]> {
  const bytes = readFileSync(path);
  const name = path.split('/').at(-1)?.replace(/\.gz$/, '') ?? '';
  const resource = bytesResource(path.endsWith('.gz') ? gunzipSync(bytes) : bytes, [65_536], name);
  const items = await readRecords(rdf, resource);
  return items.map((item) => (isFailure(item) ? { id: item.error.message } : (item.value as { readonly id: string })));
}

function applyRules(output: Subject, iri: string, sources: Sources, count: (rule: string) => void): Subject {
  let made = output;
  for (const rule of rules) {
    const changed = rule.apply(made, iri, sources);
    if (!isDeepStrictEqual(changed, made)) count(rule.name);
    made = changed;
  }
  return made;
}

describe.each(cases)(
  '$file.1',
  ({ golden, file, flat, transformer, concepts, nameParent, changed, unlabelled = 0 }) => {
    const path = sharedData(...file);
    const flatPath = sharedData(...(flat ?? file));
    const reference = sharedData('goldens', `${golden}.jsonl.gz`);
    const hasData = path !== undefined && flatPath !== undefined && reference !== undefined;

    it.skipIf(!hasData)(
      'differs from InvenioRDM by the decided rules alone',
      async () => {
        const found = await readConcepts(path ?? '');
        const outputs = readGolden(reference ?? '');
        expect([found.length, outputs.size]).toEqual([concepts, concepts]);
        const flatConcepts = readFlatRdf(flatPath ?? '');
        const sources: Sources = {
          of: (iri) => flatConcepts.get(iri),
          nameParent: (iri) => nameParent?.(iri, flatConcepts.get(iri)),
        };
        const map = createMapping(transformer);
        const counts: Record<string, number> = {};
        const unexplained: unknown[] = [];
        let rejected = 0;
        for (const concept of found) {
          const output = outputs.get(concept.id);
          if (output === undefined) throw new Error(`InvenioRDM has no ${concept.id}`);
          const expected = applyRules(
            output,
            concept.id,
            nameParent === undefined ? noParents(sources) : sources,
            (rule) => {
              counts[rule] = (counts[rule] ?? 0) + 1;
            },
          );
          const mapped = map(concept);
          if (mapped === 'E_RECORD_NO_NAME' && expected.subject === '') rejected++;
          else if (!isDeepStrictEqual(mapped, expected)) unexplained.push({ mapped, expected });
        }
        expect(unexplained.slice(0, 3)).toEqual([]);
        expect(rejected).toBe(unlabelled);
        expect(counts).toEqual(changed);
      },
      60_000,
    );

    it.skipIf(!hasData)(
      'fits the record schema',
      async () => {
        const map = createMapping(transformer);
        const mapped = (await readConcepts(path ?? '')).map(map).filter((made) => typeof made === 'object');
        const check = loadRecordSchema('subjects');
        expect(mapped.map((made) => check?.(made)).filter((problem) => problem !== undefined)).toEqual([]);
      },
      60_000,
    );
  },
);

/** Where the records have no parents, what is above a concept changes nothing. */
function noParents({ of }: Sources): Sources {
  return {
    of: (iri) => {
      const concept = of(iri);
      return concept === undefined ? undefined : { ...concept, broader: [] };
    },
    nameParent: () => undefined,
  };
}

it('each rule that explains a difference is in docs/compatibility.md', () => {
  const page = readFileSync(join(findPackageRoot(), 'docs/compatibility.md'), 'utf8');
  expect(rules.filter(({ name }) => !page.includes(`"${name}"`))).toEqual([]);
});
