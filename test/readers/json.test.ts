import { describe, expect, it } from 'vitest';
import { json } from '../../readers/json.ts';
import { isFailure } from '../../src/records/entry.ts';
import { fixtureRecords, formatFixtures } from '../support/format-fixtures.ts';
import { bytesResource, errorOf, outline, pathResource, readRecords, testContext } from '../support/read-resource.ts';

const CHUNKINGS = [[65_536], [1], [7, 1, 3]];

describe('json', () => {
  it.each(formatFixtures('json', 'ok'))('reads $name, however it is cut', async ({ path }) => {
    const bytes = await import('node:fs').then((fs) => fs.readFileSync(path));
    for (const sizes of CHUNKINGS) {
      expect(outline(await readRecords(json, bytesResource(bytes, sizes)))).toEqual(fixtureRecords);
    }
  });

  it.each(formatFixtures('json', 'bad').filter(({ code }) => !code.startsWith('E_RECORD')))(
    'refuses $name with its code',
    async ({ path, code, name }) => {
      const error = await errorOf(readRecords(json, pathResource(path)));
      expect(error.code).toBe(code);
      expect(error.message).toContain(name);
    },
  );

  it.each(formatFixtures('json', 'bad').filter(({ code }) => code.startsWith('E_RECORD')))(
    'loses one record of $name and no other',
    async ({ path, code }) => {
      const items = await readRecords(json, pathResource(path));
      const failures = items.filter(isFailure);
      expect(failures.map(({ error }) => error.code)).toEqual([code]);
      expect(items.length).toBeGreaterThan(1);
      expect(items.map(({ position }) => position)).toEqual(items.map((_, i) => i));
    },
  );

  it('gives position, byte and raw text of a broken record', async () => {
    const [, broken, third] = await readRecords(
      json,
      bytesResource('[\n  {"id": 1},\n  {"id": oops},\n  {"id": 3}\n]'),
    );
    expect(third).toEqual({ position: 2, value: { id: 3 } });
    expect(broken).toMatchObject({
      position: 1,
      raw: '{"id": oops}',
      error: { code: 'E_RECORD_SYNTAX', details: { position: 1, byte: 17 } },
    });
  });

  it.each([
    ['a broken value', '[{"a":1},{"a":},{"a":3}]', [{ a: 1 }, '1:E_RECORD_SYNTAX', { a: 3 }]],
    ['a missing quote', '[{"a":"x"},{"a":"y},{"a":"z"}]', [{ a: 'x' }, '1:E_RECORD_SYNTAX', { a: 'z' }]],
    ['a missing brace', '[{"a":{}},{"a":{"b":1},{"a":3}]', [{ a: {} }, '1:E_RECORD_SYNTAX', { a: 3 }]],
    ['a brace too many', '[{"a":1}},{"a":3}]', [{ a: 1 }, '1:E_RECORD_SYNTAX', { a: 3 }]],
    ['a wrong bracket', '[{"a":1},{"a":[1}},{"a":3}]', [{ a: 1 }, '1:E_RECORD_SYNTAX', { a: 3 }]],
    ['a bad escape', '[{"a":"\\x"},{"a":3}]', ['0:E_RECORD_SYNTAX', { a: 3 }]],
    ['a broken first record in lines', '[\n{"a": 01},\n{"a": 3}\n]', ['0:E_RECORD_SYNTAX', { a: 3 }]],
    [
      'a broken last record in lines',
      '[\n  {\n    "a": 1\n  },\n  {\n    "a: 3\n  }\n]',
      [{ a: 1 }, '1:E_RECORD_SYNTAX'],
    ],
    ['a broken last record', '[{"a":1},{"a":]', undefined],
    ['scalars and lists', '[1, "two", [3], null, true, {"a":6}]', [1, 'two', [3], null, true, { a: 6 }]],
    ['an empty array', ' [ ] ', []],
    ['one object', '\n{"a": {"b": [1]}}\n', [{ a: { b: [1] } }]],
  ])('reads on behind %s', async (_, text, expected) => {
    for (const sizes of CHUNKINGS) {
      const read = readRecords(json, bytesResource(text, sizes));
      if (expected === undefined) expect((await errorOf(read)).code).toMatch(/^E_JSON_/);
      else expect(outline(await read)).toEqual(expected);
    }
  });

  it.each([
    ['[{"a":1} {"a":2}]', 'no comma before record 1'],
    ['[{"a":1},,{"a":2}]', 'a comma with no record before it'],
    ['[{"a":1},{"a":2},]', 'a comma behind the last record'],
  ])('warns of %s and loses nothing', async (text, warning) => {
    const context = testContext();
    expect(outline(await readRecords(json, bytesResource(text), {}, context))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(context.warnings).toEqual([
      { code: 'W_JSON_SEPARATOR', message: expect.stringContaining(warning) as string },
    ]);
  });

  it('keeps __proto__ as data', async () => {
    const [item] = await readRecords(json, bytesResource('[{"__proto__": {"isAdmin": true}, "constructor": 1}]'));
    const value = item !== undefined && 'value' in item ? (item.value as Record<string, unknown>) : {};
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value['isAdmin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it('rejects more levels than the scanner follows as too deep, and reads on', async () => {
    const deep = `{"id":"deep","a":${'['.repeat(1_100_000)}${']'.repeat(1_100_000)}}`;
    const items = await readRecords(json, bytesResource(`[${deep},{"id":"ok"}]`));
    expect(items.filter(isFailure).map(({ position, error }) => [position, error.code])).toEqual([
      [0, 'E_RECORD_TOO_DEEP'],
    ]);
    expect(outline(items)).toContainEqual({ id: 'ok' });
  });

  it('rejects what is nested too deep, in a list and in fast records, and not what is deep enough', async () => {
    const deep = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    const text = `[\n${['{"a":1}', deep(10), deep(11), '{"a":"[[[[[[[[[[[[[[[[[["}'].join(',\n')}\n]`;
    const items = await readRecords(json, bytesResource(text), { max_depth: 10 });
    expect(items.filter(isFailure).map(({ position, error }) => [position, error.code])).toEqual([
      [2, 'E_RECORD_TOO_DEEP'],
    ]);
  });
});

describe('json, truncated', () => {
  it.each([
    ['pretty', JSON.stringify(fixtureRecords, null, 2)],
    ['compact', JSON.stringify(fixtureRecords)],
    ['one object', JSON.stringify({ records: fixtureRecords })],
  ])('is never a success and never a rejection, wherever %s is cut', async (_, text) => {
    const whole = Buffer.from(text);
    for (let length = 1; length < whole.length; length++) {
      const error = await errorOf(readRecords(json, bytesResource(whole.subarray(0, length), [64])));
      expect([length, error.code]).toEqual([length, 'E_JSON_TRUNCATED']);
    }
  });

  it('yields what was whole before it throws, and no failure for the rest', async () => {
    const text = '[\n  {"a": 1},\n  {"a": 2},\n  {"a": 3, "b": "x';
    const seen: unknown[] = [];
    const context = testContext();
    const read = async (): Promise<void> => {
      for await (const batch of json.read(bytesResource(text), json.args.parse({}), context))
        seen.push(...outline(batch));
    };
    expect((await errorOf(read())).code).toBe('E_JSON_TRUNCATED');
    expect(seen.filter((value) => typeof value === 'string')).toEqual([]);
  });
});
