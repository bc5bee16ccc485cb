/** Every record of the real tars of OpenAIRE, in both schemas, against what InvenioRDM's own transformers made of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { transformers } from '../support/shipped-components.ts';
import type { Warning } from '../../src/component/reader.ts';
import { Skip } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { readGolden } from '../support/read-golden.ts';
import { readTarLines } from '../support/read-tar-lines.ts';
import { sharedData } from '../support/shared-data.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { firstOutcome, organizationRules, projectRules, type Outcome } from './openaire-differences.ts';

type Source = Readonly<Record<string, unknown>>;

interface Case {
  readonly golden: string;
  readonly tar: readonly string[];
  readonly transformer: string;
  readonly schema: string;
  readonly records: number;
  /** The shape that the entries had when the reference was made, where it is not that of the file. */
  readonly reshape?: (source: Source) => Source;
  /** Outcomes that a rule changes. */
  readonly changed: Readonly<Record<string, number>>;
}

const projects = { transformer: 'openaire-award', schema: 'awards', records: 143 };
const organizations = { transformer: 'openaire-organization', schema: 'affiliation-identifiers', records: 1291 };

/** Keys renamed to those that InvenioRDM reads. */
function toUpstreamShape({ fundings, websiteUrl, ...source }: Source): Source {
  return {
    ...source,
    ...(fundings === undefined ? {} : { funding: fundings }),
    ...(websiteUrl === undefined ? {} : { websiteurl: websiteUrl }),
  };
}

const withoutType = (source: Source): Source => ({ ...source, id: String(source['id']).replace(/^20\|/, '') });

const cases: readonly Case[] = [
  {
    ...projects,
    golden: 'openaire.project',
    tar: ['project.tar'],
    changed: {
      'what is null is left out': 70,
      'the program of both schemas': 23,
      'the website of the current schema': 8,
    },
  },
  {
    ...projects,
    golden: 'openaire.old.project',
    tar: ['old_schema', 'project.tar'],
    changed: {
      'what is null is left out': 125,
      'dates of the old schema': 27,
      'the program of both schemas': 23,
    },
  },
  {
    ...projects,
    golden: 'openaire.derived_upstream_shape.project',
    tar: ['project.tar'],
    reshape: toUpstreamShape,
    changed: { 'what is null is left out': 70 },
  },
  {
    ...organizations,
    golden: 'openaire.organization',
    tar: ['organization.tar'],
    changed: {
      'what OpenOrgs has not curated is filtered': 1183,
      'identifiers of both schemas': 108,
      'a ROR id is nine characters': 1,
      'a PIC is its nine digits': 6,
      'without a ROR id filtered': 4,
    },
  },
  {
    ...organizations,
    golden: 'openaire.old.organization',
    tar: ['old_schema', 'organization.tar'],
    changed: {
      'what OpenOrgs has not curated is filtered': 1183,
      'identifiers of both schemas': 108,
      'a ROR id is nine characters': 1,
      'a PIC is its nine digits': 6,
      'without a ROR id filtered': 4,
    },
  },
  {
    ...organizations,
    golden: 'openaire.derived_stripped.organization',
    tar: ['old_schema', 'organization.tar'],
    reshape: withoutType,
    changed: {
      'what OpenOrgs has not curated is filtered': 1183,
      'a ROR id is nine characters': 1,
      'a PIC is its nine digits': 6,
      'without a ROR id filtered': 4,
    },
  },
];

function createMapping(type: string): { map: (source: Source) => Outcome; warnings: Warning[] } {
  const transformer = transformers.find((known) => known.type === type);
  if (transformer === undefined) throw new Error(`no transformer ${type}`);
  const warnings: Warning[] = [];
  const transform = transformer.create(transformer.args.parse({}), { logger: silentLogger() });
  const map = (source: Source): Outcome => {
    try {
      const made = transform(source, { origin: () => '', warn: (warning) => warnings.push(warning) });
      return made instanceof Skip ? 'filtered' : (made as Outcome);
    } catch (error) {
      if (error instanceof RecordError) return 'rejected';
      throw error;
    }
  };
  return { map, warnings };
}

describe.each(cases)('$golden', ({ golden, tar, transformer, schema, records, reshape, changed }) => {
  const file = sharedData('openaire', ...tar);
  const reference = sharedData('goldens', `${golden}.jsonl.gz`);
  const rules = transformer === 'openaire-award' ? projectRules : organizationRules;

  it.skipIf(file === undefined || reference === undefined)(
    'differs from InvenioRDM by the decided rules alone, and fits its record schema',
    async () => {
      const sources = await readTarLines(file ?? '');
      const lines = readGolden(reference ?? '');
      expect([sources.length, lines.length]).toEqual([records, records]);
      const { map, warnings } = createMapping(transformer);
      const check = loadRecordSchema(schema);
      const counts: Record<string, number> = {};
      const unexplained: unknown[] = [];
      const misfits: unknown[] = [];
      for (const [i, written] of sources.entries()) {
        const line = lines[i];
        const source = reshape?.(written) ?? written;
        if (line === undefined || line.in_id !== source['id'])
          throw new Error(`line ${String(i)} is of another record than ${String(source['id'])}`);
        let expected = firstOutcome(line);
        for (const rule of rules) {
          const next = rule.apply(expected, source, line);
          if (!isDeepStrictEqual(next, expected)) counts[rule.name] = (counts[rule.name] ?? 0) + 1;
          expected = next;
        }
        const found = map(source);
        if (!isDeepStrictEqual(found, expected)) unexplained.push({ found, expected });
        if (typeof found === 'object' && check?.(found) !== undefined) misfits.push(check(found));
      }
      expect(unexplained.slice(0, 3)).toEqual([]);
      expect(counts).toEqual(changed);
      expect(check).toBeDefined();
      expect(misfits).toEqual([]);
      expect(warnings).toEqual([]);
    },
  );
});

it('each rule is on the page of differences', () => {
  const page = readFileSync(join(findPackageRoot(), 'docs/compatibility.md'), 'utf8');
  const missing = [...projectRules, ...organizationRules].filter(({ name }) => !page.includes(`"${name}"`));
  expect(missing.map(({ name }) => name)).toEqual([]);
});
