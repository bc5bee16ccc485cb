/** Every record of the real dumps against what InvenioRDM's own transformers made of it. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { transformers } from '../support/shipped-components.ts';
import type { Warning } from '../../src/component/reader.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { readZipJson } from '../support/read-zip-json.ts';
import { sharedData } from '../support/shared-data.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { rules, type Output, type Vocabulary } from './ror-differences.ts';
import type { RorRecord } from './ror-record.ts';

interface Case {
  readonly golden: string;
  readonly zip: readonly string[];
  readonly ending: string;
  readonly records: number;
  /** Outputs that a rule changes, by vocabulary. */
  readonly changed: Readonly<Record<Vocabulary, Readonly<Record<string, number>>>>;
}

const both = (counts: Readonly<Record<string, number>>, withWeb: number): Case['changed'] => ({
  affiliations: counts,
  funders: { ...counts, 'funders have no website and no domains': withWeb },
});

const cases: readonly Case[] = [
  {
    golden: 'ror.v2.9',
    zip: ['ror', 'v2.9-2026-06-23-ror-data.zip'],
    ending: '-ror-data.json',
    records: 35_990,
    changed: both(
      {
        'ISNI without spaces': 17_050,
        'aliases stand in source order, further acronyms last': 1006,
        'an ISNI with a wrong check digit is left out': 1,
        'an explicit English label is not overridden': 187,
        'outer white space is trimmed': 51,
      },
      34_557,
    ),
  },
  {
    golden: 'ror.small.v2.9',
    zip: ['ror', 'small', 'v2.9-2026-06-23-ror-data.zip'],
    ending: '-ror-data.json',
    records: 1467,
    changed: both(
      {
        'ISNI without spaces': 695,
        'aliases stand in source order, further acronyms last': 45,
        'an explicit English label is not overridden': 8,
        'outer white space is trimmed': 4,
      },
      1411,
    ),
  },
  {
    golden: 'ror.v1.50.schema_v2',
    zip: ['ror', 'v1.50-2024-07-29-ror-data.zip'],
    ending: '-ror-data_schema_v2.json',
    records: 4107,
    changed: both(
      {
        'ISNI without spaces': 2232,
        'aliases stand in source order, further acronyms last': 119,
        'an explicit English label is not overridden': 16,
        'outer white space is trimmed': 7,
      },
      4028,
    ),
  },
];

interface Line {
  readonly in_id: string;
  readonly out: Output;
}

function readGolden(path: string): readonly Line[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

function createMapping(vocabulary: Vocabulary): { map: (record: RorRecord) => unknown; warnings: Warning[] } {
  const transformer = transformers.find(({ type }) => type === `ror-${vocabulary}`);
  if (transformer === undefined) throw new Error(`no transformer for ${vocabulary}`);
  const warnings: Warning[] = [];
  const transform = transformer.create(transformer.args.parse({}), { logger: silentLogger() });
  const context = { origin: () => '', warn: (warning: Warning) => warnings.push(warning) };
  return { map: (record) => transform(record, context), warnings };
}

function applyRules(line: Line, source: RorRecord, vocabulary: Vocabulary, count: (rule: string) => void): Output {
  let output = line.out;
  for (const rule of rules) {
    if (rule.vocabularies?.includes(vocabulary) === false) continue;
    const changed = rule.apply(output, source);
    if (!isDeepStrictEqual(changed, output)) count(rule.name);
    output = changed;
  }
  return output;
}

describe.each(cases)('$golden', ({ golden, zip, ending, records, changed }) => {
  const dump = sharedData(...zip);
  const dumpRecords = dump === undefined ? undefined : readZipJson(dump, ending);

  for (const vocabulary of ['affiliations', 'funders'] as const) {
    const reference = sharedData('goldens', `${golden}.${vocabulary}.jsonl.gz`);
    const hasData = dumpRecords !== undefined && reference !== undefined;

    it.skipIf(!hasData)(
      `differs from InvenioRDM by the decided rules alone: ${vocabulary}`,
      async () => {
        const sources = (await dumpRecords) as unknown as readonly RorRecord[];
        const lines = readGolden(reference ?? '');
        expect([sources.length, lines.length]).toEqual([records, records]);
        const { map, warnings } = createMapping(vocabulary);
        const counts: Record<string, number> = {};
        const unexplained: unknown[] = [];
        for (const [i, source] of sources.entries()) {
          const line = lines[i];
          if (line?.in_id !== source.id) throw new Error(`line ${String(i)} is of another record than ${source.id}`);
          const expected = applyRules(line, source, vocabulary, (rule) => {
            counts[rule] = (counts[rule] ?? 0) + 1;
          });
          const found = map(source);
          if (!isDeepStrictEqual(found, expected)) unexplained.push({ found, expected });
        }
        expect(unexplained.slice(0, 3)).toEqual([]);
        expect(counts).toEqual(changed[vocabulary]);
        expect(warnings.map(({ code }) => code)).toEqual(
          Array(counts['an ISNI with a wrong check digit is left out'] ?? 0).fill('W_IDENTIFIER_INVALID'),
        );
      },
      60_000,
    );

    it.skipIf(!hasData)(
      `fits the record schema: ${vocabulary}`,
      async () => {
        const sources = (await dumpRecords) as unknown as readonly RorRecord[];
        const { map } = createMapping(vocabulary);
        const check = loadRecordSchema(vocabulary);
        const misfits = sources.map((source) => check?.(map(source))).filter((problem) => problem !== undefined);
        expect(check).toBeDefined();
        expect(misfits).toEqual([]);
      },
      60_000,
    );
  }
});

const NEWEST = sharedData('ror', 'v2.9-2026-06-23-ror-data.zip');

describe.skipIf(NEWEST === undefined)('the affiliations of v2.9', () => {
  const mapped = async () => {
    const { map } = createMapping('affiliations');
    const sources = (await readZipJson(NEWEST ?? '', '-ror-data.json')) as unknown as readonly RorRecord[];
    return sources.map((source) => ({ source, output: map(source) as Output }));
  };

  it('are as many of each kind as the decisions on them count', async () => {
    const pairs = await mapped();
    const count = (holds: (pair: { source: RorRecord; output: Output }) => boolean) => pairs.filter(holds).length;
    const title = ({ output }: { output: Output }) => output['title'] as Record<string, string>;
    const labels = ({ source }: { source: RorRecord }) => source.names.filter(({ types }) => types.includes('label'));
    const isEnglishOrUnmarked = ({ lang }: { lang: string | null }) => lang === null || lang === 'en';
    expect(count(({ output }) => output['status'] === 'withdrawn')).toBe(190);
    expect(count((pair) => !labels(pair).some(isEnglishOrUnmarked) && title(pair)['en'] === pair.output['name'])).toBe(
      7632,
    );
    expect(count((pair) => Object.values(title(pair)).some((text) => text !== text.trim()))).toBe(0);
    const hasFurtherAcronym = ({ source }: { source: RorRecord }) =>
      source.names.filter(({ types }) => types.includes('acronym')).length > 1;
    expect(count(hasFurtherAcronym)).toBe(1703);
  }, 60_000);
});
