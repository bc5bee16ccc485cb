/** The transformer that builds records from pointers, constants, templates and tables. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { json } from '../../readers/json.ts';
import { map } from '../../transformers/map.ts';
import type { ReadRecord } from '../../src/records/entry.ts';
import { deepFreeze } from '../../src/records/json-object.ts';
import { bytesResource, readRecords } from '../support/read-resource.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

function make(args: unknown): (value: unknown, isDeleted?: boolean) => unknown {
  const transform = map.create(map.args.parse(args), { logger: silentLogger() });
  return (value, isDeleted = false) => transform(value, { origin: () => '', warn: () => undefined, isDeleted });
}

/** One field `/x` of this rule, beside an id. */
const field = (rule: unknown, value: unknown): unknown =>
  make({ fields: { '/id': { from: '/id' }, '/x': rule } })({ id: 'a1', ...(value as object) });
const x = (value: unknown): unknown => ({ id: 'a1', x: value });

function file(name: string, content: string | Buffer): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

describe('a field', () => {
  it('comes from a pointer, whatever it holds', () => {
    expect(field({ from: '/a/0/b~1c~0d' }, { a: [{ 'b/c~d': { deep: [1] } }] })).toEqual(x({ deep: [1] }));
    expect(field({ from: '/no' }, { no: false })).toEqual(x(false));
    expect(field({ from: '/blank' }, { blank: '' })).toEqual(x(''));
    expect(field({ from: '' }, { a: 1 })).toEqual(x({ id: 'a1', a: 1 }));
  });

  it('that is required and not there rejects the record, naming the pointer and its id', () => {
    const error = refusalOf(() => field({ from: '/name/de' }, { name: { en: 'A' } }));
    expect(error).toMatchObject({
      code: 'E_RECORD_FIELD_MISSING',
      message: expect.stringContaining('Expected a value at /name/de of the record for /x, found nothing'),
      details: { id: 'a1', pointer: '/name/de', target: '/x' },
    });
    expect(refusalOf(() => field({ from: '/name' }, { name: null })).code).toBe('E_RECORD_FIELD_MISSING');
  });

  it('that may be absent is left out, or something stands in for it', () => {
    expect(field({ from: '/name', required: false }, { name: null })).toEqual({ id: 'a1' });
    expect(field({ from: '/name', otherwise: 'none' }, {})).toEqual(x('none'));
    expect(field({ template: '{/a} {/b}', required: false }, { a: 1 })).toEqual({ id: 'a1' });
  });

  it('is a constant, of any kind', () => {
    expect(field({ value: { a: [null] } }, {})).toEqual(x({ a: [null] }));
    expect(field({ value: null }, {})).toEqual(x(null));
  });

  it('is a template of texts, numbers and truth values, with braces of its own', () => {
    expect(field({ template: 'no. {/n}/{/flag} {{{/a/0}}}' }, { n: 7, flag: true, a: ['b'] })).toEqual(
      x('no. 7/true {b}'),
    );
    expect(refusalOf(() => field({ template: '{/n}' }, { n: [] })).message).toContain(
      'Expected a text or a number at /n of the record for /x, found an empty list',
    );
  });

  it('keeps the digits of a number that a double cannot hold', async () => {
    const items = await readRecords(
      json,
      bytesResource('[{"n": 9007199254740993}, {"n": 9007199254740992}, {"n": 1e400}]'),
    );
    const ids = items.map((item) => make({ fields: { '/id': { template: 'x:{/n}' } } })((item as ReadRecord).value));
    expect(ids).toEqual([{ id: 'x:9007199254740993' }, { id: 'x:9007199254740992' }, { id: 'x:1e400' }]);
  });

  it('is only set where something else is there', () => {
    expect(field({ value: 'ror', when: '/ror' }, {})).toEqual({ id: 'a1' });
    expect(field({ value: 'ror', when: '/ror' }, { ror: 'b' })).toEqual(x('ror'));
    expect(field({ from: '/name', when: '/ror' }, {})).toEqual({ id: 'a1' });
  });

  it('goes to its place in objects and lists, without holes', () => {
    const fields = {
      '/title/en': { from: '/t' },
      '/list/0/a': { from: '/none', required: false },
      '/list/1/a': { value: 1 },
      '/list/1/b': { value: 2 },
    };
    expect(make({ fields })({ t: 'T' })).toEqual({ title: { en: 'T' }, list: [{ a: 1 }, { b: 2 }] });
  });

  it('called __proto__ is data', () => {
    const made = make({ fields: { '/__proto__/polluted': { from: '/__proto__/x' }, '/id': { from: '/id' } } })(
      JSON.parse('{"id": "a", "__proto__": {"x": true}}'),
    );
    expect(JSON.stringify(made)).toBe('{"__proto__":{"polluted":true},"id":"a"}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(refusalOf(() => field({ from: '/constructor/name' }, {})).code).toBe('E_RECORD_FIELD_MISSING');
    const table = JSON.parse('{"__proto__": "own"}') as unknown;
    expect(field({ from: '/v', table }, { v: '__proto__' })).toEqual(x('own'));
    expect(refusalOf(() => field({ from: '/v', table }, { v: 'toString' })).code).toBe('E_RECORD_NOT_IN_TABLE');
  });
});

describe('a table', () => {
  const table = { Austria: 'AT', '17': { nested: true } };

  it('gives the value for a text or a number, and for each item of a list', () => {
    expect(field({ from: '/v', table }, { v: 'Austria' })).toEqual(x('AT'));
    expect(field({ from: '/v', table }, { v: 17 })).toEqual(x({ nested: true }));
    expect(field({ from: '/v', table }, { v: ['Austria', 17] })).toEqual(x(['AT', { nested: true }]));
    expect(field({ template: 'Aus{/v}', table }, { v: 'tria' })).toEqual(x('AT'));
  });

  it('that does not know a value rejects the record, keeps the value, or leaves it out', () => {
    const error = refusalOf(() => field({ from: '/v', table }, { v: 'Atlantis' }));
    expect(error).toMatchObject({
      code: 'E_RECORD_NOT_IN_TABLE',
      message: 'Expected a value for /x that is in its table, found the text "Atlantis".',
      details: { id: 'a1' },
    });
    expect(field({ from: '/v', table, on_unknown: 'keep' }, { v: 'Atlantis' })).toEqual(x('Atlantis'));
    expect(field({ from: '/v', table, on_unknown: 'omit' }, { v: 'Atlantis' })).toEqual({ id: 'a1' });
    expect(field({ from: '/v', table, on_unknown: 'omit' }, { v: ['Atlantis', 'Austria'] })).toEqual(x(['AT']));
    expect(refusalOf(() => field({ from: '/v', table }, { v: {} })).code).toBe('E_RECORD_TYPE');
  });

  it('comes from a JSON or a CSV file', () => {
    const json = file('table.json', '\uFEFF{"a": 1}');
    expect(field({ from: '/v', table_file: json }, { v: 'a' })).toEqual(x(1));
    const large = file('large.json', '{"a": 12345678901234567890, "b": [1e400]}');
    expect(field({ from: '/v', table_file: large }, { v: 'a' })).toEqual(x('12345678901234567890'));
    expect(field({ from: '/v', table_file: large }, { v: 'b' })).toEqual(x(['1e400']));
    const csv = file('table.csv', 'name,code\r\n"Congo, Republic",CG\r\nAustria,AT\r\n\r\nAustria,AT\r\n');
    expect(field({ from: '/v', table_file: csv }, { v: 'Congo, Republic' })).toEqual(x('CG'));
  });

  it.each([
    ['table.json', '[]', 'holds no JSON object'],
    ['table.json', '{', 'cannot be used'],
    ['table.csv', 'a,b\nAustria,AT\nAustria,AU\n', 'record 2 gives a second value'],
    ['table.csv', 'a,b,c\n1,2,3\n', 'has 3 columns, not 2'],
    ['table.csv', 'a,b\n"1,2\n', 'cannot be used'],
    ['table.csv', Buffer.from('a,b\n\xe9,x\n', 'latin1'), 'is not in UTF-8'],
  ])('in %s that holds %j is refused', (name, content, message) => {
    const error = refusalOf(() => make({ fields: { '/id': { from: '/id', table_file: file(name, content) } } }));
    expect([error.code, error.kind]).toEqual(['E_TABLE_INVALID', 'config']);
    expect(error.message).toContain(message);
  });

  it('in a file that is not there is said with its path', () => {
    const path = join(tempDir(), 'none.csv');
    const error = refusalOf(() => make({ fields: { '/id': { from: '/id', table_file: path } } }));
    expect(error).toMatchObject({ code: 'E_FILE_NOT_FOUND', details: { path } });
  });
});

describe('the other fields', () => {
  const record = deepFreeze({ id: 'a1', name: { de: 'A' }, list: [1] });

  it('are left out, or stay as they are', () => {
    const fields = { '/id': { from: '/id' }, '/name/en': { value: 'B' } };
    expect(make({ fields })(record)).toEqual({ id: 'a1', name: { en: 'B' } });
    const kept = make({ fields, unmapped: 'keep' })(record);
    expect(kept).toEqual({ id: 'a1', name: { de: 'A', en: 'B' }, list: [1] });
    expect(record).toEqual({ id: 'a1', name: { de: 'A' }, list: [1] });
  });

  it('that stand in the way reject the record', () => {
    const error = refusalOf(() => make({ unmapped: 'keep', fields: { '/id/x': { value: 1 } } })(record));
    expect(error.message).toBe('Expected an object or a list at /id to put /id/x into, found the text "a1".');
    expect(refusalOf(() => make({ unmapped: 'keep', fields: { '/list/x': { value: 1 } } })(record)).code).toBe(
      'E_RECORD_TYPE',
    );
  });
});

it('a deleted record is mapped as far as it is still told', () => {
  const fields = {
    '/id': { template: 'oai:{/header/identifier}' },
    '/name': { from: '/name' },
    '/country': { from: '/country', table: {} },
  };
  expect(make({ fields })({ header: { identifier: 'a1' }, country: 'AT' }, true)).toEqual({ id: 'oai:a1' });
});

describe('a mistake is found before the run:', () => {
  it.each([
    [{ '/a': {} }, 'fields./a', 'expected exactly one of "from", "value" and "template", found none'],
    [{ '/a': { from: '/b', value: 1 } }, 'fields./a', 'found "from" and "value"'],
    [{ '/a': { from: 'b' } }, 'fields./a.from', 'expected a JSON pointer, such as'],
    [{ '/a': { template: '{/b' } }, 'fields./a.template', 'expected } for the { at character 1'],
    [{ '/a': { template: 'x}' } }, 'fields./a.template', 'at character 2'],
    [{ '/a': { template: '{b}' } }, 'fields./a.template', 'expected a JSON pointer in braces at character 1'],
    [{ '/a': { from: '/b', table: [] } }, 'fields./a.table', 'expected an object'],
    [{ '/a': { from: '/b', table: {}, table_file: 'x' } }, 'fields./a.table_file', 'either "table" or "table_file"'],
    [{ '/a': { value: 'b', table: {} } }, 'fields./a.value', 'not with "value"'],
    [{ '/a': { value: 1 }, '/a/b': { value: 2 } }, 'fields', 'found "/a/b" inside of "/a"'],
    [{ a: { value: 1 } }, 'fields.a', ''],
    [{ '/a': { form: '/b' } }, 'fields./a', ''],
  ])('%j', (fields, place, message) => {
    const issues = map.args.safeParse({ fields }).error?.issues ?? [];
    const found = issues.find(({ path }) => path.join('.') === place);
    expect(issues.map(({ path }) => path.join('.'))).toContain(place);
    expect(found?.message).toContain(message);
  });
});
