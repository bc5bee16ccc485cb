/** The sample dumps: packed as ROR packs its own, true to its format, and different in every way that a sync can show. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { openPromise } from 'yauzl';
import { beforeAll, describe, expect, it, afterAll } from 'vitest';
import { buildSamples } from '../../src/cli/demo/build-samples.ts';
import { catalog } from '../../src/cli/catalog.ts';
import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { compareFields } from '../../src/records/field-changes.ts';
import { createTransform } from '../support/create-transform.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { packSampleDumps, type SampleDump } from '../support/sample-dumps.ts';
import { tempDir } from '../support/temp-dir.ts';

async function readMembers(path: string): Promise<Map<string, string>> {
  const zip = await openPromise(path);
  const members = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    members.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  }
  zip.close();
  return members;
}

const directory = makeTempDir();
let dumps: readonly [SampleDump, SampleDump];

beforeAll(async () => {
  dumps = await packSampleDumps(directory);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('sample dumps', () => {
  it('hold a JSON and a CSV member of the same organisations, named as the zip', async () => {
    for (const { path, release, records } of dumps) {
      const members = await readMembers(path);
      expect([...members.keys()]).toEqual([`${release}.json`, `${release}.csv`]);
      const csv = members.get(`${release}.csv`) ?? '';
      const ids = [...csv.matchAll(/^(https:\/\/ror\.org\/\w{9}),/gm)].map((match) => match[1]);
      expect(ids).toEqual(records.map(({ id }) => id));
    }
  });

  it('are written as ROR writes: one list, four spaces, every other character than ASCII as an escape', async () => {
    for (const { path, release, records } of dumps) {
      const json = (await readMembers(path)).get(`${release}.json`) ?? '';
      const escaped = JSON.stringify(records, null, 4).replaceAll(
        /[\u0080-\uffff]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      expect(json.replaceAll(/("(?:lat|lng)": -?\d+)\.0\b/g, '$1')).toBe(escaped);
    }
  });

  it('are the same bytes each time', async () => {
    const again = await buildSamples(tempDir());
    const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    expect(again.map(digest)).toEqual(dumps.map(({ path }) => digest(path)));
  });

  it.each(['affiliations', 'funders'])('become %s that fit their schema', async (vocabulary) => {
    const transform = await createTransform(catalog, `ror-${vocabulary}`);
    const check = loadRecordSchema(vocabulary);
    for (const { records } of dumps) {
      for (const record of records) expect(check?.(transform(record))).toBeUndefined();
    }
  });

  it('differ by new, changed, inactive, withdrawn and missing organisations', async () => {
    const transform = await createTransform(catalog, 'ror-affiliations');
    const [before, after] = dumps.map(
      ({ records }) => new Map(records.map((record) => [record['id'] as string, transform(record)])),
    );
    const shared = [...(after ?? [])].filter(([id]) => before?.has(id) === true);
    const changes = shared
      .map(([id, record]) => compareFields(before?.get(id), record))
      .filter(({ length }) => length > 0);
    const statuses = changes.flat().filter(({ pointer }) => pointer === '/status');
    const changed = (field: string) => changes.filter((list) => list.some(({ pointer }) => pointer === field)).length;
    expect({
      records: dumps.map(({ records }) => records.length),
      added: (after?.size ?? 0) - shared.length,
      gone: (before?.size ?? 0) - shared.length,
      changed: changes.length,
      names: changed('/name'),
      websites: changed('/website'),
      statuses: statuses.map((change) => change.after).sort(),
    }).toEqual({
      records: [47, 51],
      added: 5,
      gone: 1,
      changed: 10,
      names: 3,
      websites: 4,
      statuses: ['inactive', 'inactive', 'withdrawn', 'withdrawn'],
    });
  });
});
