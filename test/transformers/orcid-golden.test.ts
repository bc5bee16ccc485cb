/** Every ORCID record of the shared data, through the readers, against what InvenioRDM makes of it. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tar } from '../../readers/tar.ts';
import { xml } from '../../readers/xml.ts';
import { orcid } from '../../transformers/orcid.ts';
import type { Resource } from '../../src/component/resource.ts';
import { Skip, type Transform } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { isFailure } from '../../src/records/entry.ts';
import { asContainer, contentOf, pathResource, readRecords, testContext, singly } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { orcidRules, theirOutcome, type GoldenLine, type Outcome } from './orcid-differences.ts';

function readGolden(path: string): readonly GoldenLine[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as GoldenLine);
}

async function outcomeOf(document: Resource, transform: Transform): Promise<Outcome> {
  const context = testContext(orcid.reads === undefined ? {} : { wanted: orcid.reads });
  const items = await readRecords(xml, document, { root_element: 'record' }, context);
  expect(items).toHaveLength(1);
  const [item] = items;
  if (item === undefined || isFailure(item)) return { rejected: String(item?.error.code) };
  try {
    const made = transform(item.value, { origin: () => document.name, warn: () => undefined });
    return made instanceof Skip ? { filtered: made.code } : { record: made as Readonly<Record<string, unknown>> };
  } catch (error) {
    if (error instanceof RecordError) return { rejected: error.code };
    throw error;
  }
}

async function* membersOf(path: string): AsyncGenerator<Resource> {
  const args = tar.args.parse({ regex: '\\.xml$' });
  for await (const { resource } of singly(asContainer(tar).read(pathResource(path), args, testContext())))
    yield resource;
}

function expectedOf(line: GoldenLine, text: string, count: (rule: string) => void): Outcome {
  for (const rule of orcidRules) {
    const outcome = rule.apply(line, text);
    if (outcome === undefined) continue;
    count(rule.name);
    return outcome;
  }
  return theirOutcome(line);
}

interface Found {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly rules: Readonly<Record<string, number>>;
}

/** Compares them one by one; counts what became of them, and which rule explained it. */
async function compare(golden: string, documents: AsyncIterable<Resource>): Promise<Found> {
  const lines = readGolden(golden);
  const transform = orcid.create(orcid.args.parse({}), { logger: silentLogger() });
  const check = loadRecordSchema('names');
  const outcomes: Record<string, number> = {};
  const rules: Record<string, number> = {};
  const unexplained: unknown[] = [];
  let i = 0;
  for await (const document of documents) {
    const line = lines[i++];
    if (line?.origin.endsWith(document.name) !== true) throw new Error(`line ${String(i)} is not of ${document.name}`);
    const text = (await contentOf(document)).toString('utf8');
    const expected = expectedOf(line, text, (rule) => (rules[rule] = (rules[rule] ?? 0) + 1));
    const found = await outcomeOf(document, transform);
    if (!isDeepStrictEqual(found, expected)) unexplained.push({ found, expected });
    const kind = 'record' in found ? 'record' : 'filtered' in found ? found.filtered : found.rejected;
    outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    if ('record' in found) expect(check?.(found.record)).toBeUndefined();
  }
  expect(unexplained.slice(0, 3)).toEqual([]);
  expect(i).toBe(lines.length);
  return { outcomes, rules };
}

const usedRules = new Set<string>();

async function found(golden: string, documents: AsyncIterable<Resource>): Promise<Found> {
  const result = await compare(golden, documents);
  for (const rule of Object.keys(result.rules)) usedRules.add(rule);
  return result;
}

const sample = sharedData('orcid', 'orcid_summaries_sample.tar.gz');

describe.skipIf(sample === undefined)('ORCID records differ from InvenioRDM by the decided rules alone:', () => {
  const path = (...parts: string[]): string => sharedData(...parts) ?? '';

  it('in the sample of whole records', async () => {
    const tars = membersOf(path('orcid', 'orcid_summaries_sample.tar.gz'));
    expect(await found(path('goldens', 'orcid.sample.jsonl.gz'), tars)).toEqual({
      outcomes: { record: 19, locked: 1, E_RECORD_NO_NAME: 1 },
      rules: { 'a locked record is filtered': 1 },
    });
  }, 60_000);

  it('in 20,058 records with real names', async () => {
    const tars = membersOf(path('orcid', 'orcid_summaries_names_derived.tar.gz'));
    expect(await found(path('goldens', 'orcid.names_derived.jsonl.gz'), tars)).toEqual({
      outcomes: { record: 19_947, E_RECORD_NO_NAME: 55, deactivated: 25, name: 31 },
      rules: {
        'a deactivated record is filtered': 25,
        'an excluded name is filtered, with typographic apostrophes and hyphens allowed': 33,
        'one part of a name is enough': 514,
      },
    });
  }, 120_000);

  it('in the odd documents and the older version', async () => {
    const golden = path('goldens', 'orcid.odd.file.jsonl.gz');
    const files = (async function* () {
      for (const { origin } of readGolden(golden)) yield await Promise.resolve(pathResource(path('orcid', origin)));
    })();
    expect(await found(golden, files)).toEqual({
      outcomes: { record: 12, deactivated: 1, E_XML_ENCODING: 3, E_RECORD_NO_NAME: 1 },
      rules: {
        'bytes that are not the declared encoding reject the record': 3,
        'a deactivated record is filtered': 1,
        'employments of schema 2.x are affiliations': 3,
        'a comment is no crash': 3,
      },
    });
  });

  it('and every rule explains something', () => {
    expect([...usedRules].sort()).toEqual(orcidRules.map(({ name }) => name).sort());
  });
});
