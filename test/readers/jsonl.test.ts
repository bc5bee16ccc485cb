import { describe, expect, it } from 'vitest';
import { jsonl } from '../../readers/jsonl.ts';
import { isFailure } from '../../src/records/entry.ts';
import { fixtureRecords, formatFixtures } from '../support/format-fixtures.ts';
import { bytesResource, errorOf, outline, pathResource, readRecords } from '../support/read-resource.ts';

describe('jsonl', () => {
  it.each(formatFixtures('jsonl', 'ok'))('reads $name', async ({ path }) => {
    expect(outline(await readRecords(jsonl, pathResource(path)))).toEqual(fixtureRecords);
  });

  it.each(formatFixtures('jsonl', 'bad').filter(({ code }) => !code.startsWith('E_RECORD')))(
    'refuses $name with its code',
    async ({ path, code, name }) => {
      const error = await errorOf(readRecords(jsonl, pathResource(path)));
      expect(error.code).toBe(code);
      expect(error.message).toContain(name);
    },
  );

  it.each(formatFixtures('jsonl', 'bad').filter(({ code }) => code.startsWith('E_RECORD')))(
    'loses one line of $name and no other',
    async ({ path, code }) => {
      const items = await readRecords(jsonl, pathResource(path));
      expect(items.filter(isFailure).map(({ error }) => error.code)).toEqual([code]);
      expect(items.length).toBeGreaterThan(2);
    },
  );

  it('names the line of a bad record, and counts the items of lists', async () => {
    const items = await readRecords(jsonl, bytesResource('\n[1, 2]\n{"a": }\n{"b": 1}\n'));
    expect(items).toMatchObject([
      { position: 0, value: 1 },
      { position: 1, value: 2 },
      { position: 2, raw: '{"a": }', error: { code: 'E_RECORD_SYNTAX', details: { line: 3, byte: 8 } } },
      { position: 3, value: { b: 1 } },
    ]);
  });

  it('gives nothing for an empty document: the engine decides what that means', async () => {
    expect(await readRecords(jsonl, bytesResource(''))).toEqual([]);
    expect(await readRecords(jsonl, bytesResource(' \n\n'))).toEqual([]);
  });
});
