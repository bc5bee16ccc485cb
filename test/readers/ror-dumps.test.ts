/** Real ROR dumps through zip and json, where they are at hand. */
import { describe, expect, it } from 'vitest';
import { json } from '../../readers/json.ts';
import { zip } from '../../readers/zip.ts';
import { isFailure } from '../../src/records/entry.ts';
import { contentOf, pathResource, readMembers, readRecords, testContext } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';

const v29 = sharedData('ror', 'v2.9-2026-06-23-ror-data.zip');
const v150 = sharedData('ror', 'v1.50-2024-07-29-ror-data.zip');
const small = sharedData('ror', 'small', 'v2.9-2026-06-23-ror-data.zip');

async function countMembers(path: string, regex: string): Promise<[string, number, number][]> {
  const counts: [string, number, number][] = [];
  for (const { resource } of await readMembers(zip, pathResource(path), { regex })) {
    const items = await readRecords(json, resource);
    counts.push([resource.name, items.length, items.filter(isFailure).length]);
  }
  return counts;
}

describe('the ROR dumps', () => {
  it.skipIf(v29 === undefined)('v2.9 has 35,990 records, also for the outdated pattern', async () => {
    const expected = [['v2.9-2026-06-23-ror-data.json', 35_990, 0]];
    expect(await countMembers(v29 ?? '', '-ror-data\\.json$')).toEqual(expected);
    expect(await countMembers(v29 ?? '', '_schema_v2\\.json$')).toEqual(expected);
  });

  it.skipIf(v150 === undefined)('v1.50 has both schemas, each by its own pattern', async () => {
    const path = v150 ?? '';
    expect(await countMembers(path, '-ror-data\\.json$')).toEqual([['v1.50-2024-07-29-ror-data.json', 23_445, 0]]);
    expect(await countMembers(path, '_schema_v2\\.json$')).toEqual([
      ['v1.50-2024-07-29-ror-data_schema_v2.json', 4_107, 0],
    ]);
  });

  it.skipIf(small === undefined)('the small one is what JSON.parse makes of it, from any record on', async () => {
    const [member] = await readMembers(zip, pathResource(small ?? ''), { regex: 'json$' });
    if (member === undefined) throw new Error('the small dump has no JSON');
    const values = JSON.parse(String(await contentOf(member.resource))) as unknown[];
    expect(values).toHaveLength(1467);
    for (const from of [0, 1, 700, 1466, 1467]) {
      const items = await readRecords(json, member.resource, {}, testContext({ from }));
      expect(items).toEqual(values.map((value, position) => ({ position, value })).slice(from));
    }
  });
});
