/** The transformer that builds records from pointers, constants, templates and tables. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { json } from '../../readers/json.ts';
import { map } from '../../transformers/map.ts';
import type { TransformerServices } from '../../src/component/transformer.ts';
import type { ReadRecord } from '../../src/records/entry.ts';
import { deepFreeze } from '../../src/records/json-object.ts';
import { bytesResource, readRecords } from '../support/read-resource.ts';
import { refusalOf } from '../support/refusal-of.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

function make(
  args: unknown,
  services: Partial<TransformerServices> = {},
): (value: unknown, isDeleted?: boolean) => unknown {
  const transform = map.create(map.args.parse(args), { logger: silentLogger(), ...services });
  return (value, isDeleted = false) => transform(value, { origin: () => '', warn: () => undefined, isDeleted });
}

/** One field `/x` of this rule, in addition to an id. */
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
    [{ '/a': {} }, 'fields./a', 'expected exactly one of "from", "query", "value" and "template", found none'],
    [{ '/a': { from: '/b', value: 1 } }, 'fields./a', 'found "from" and "value"'],
    [{ '/a': { from: 'b' } }, 'fields./a.from', 'expected a JSON pointer, such as'],
    [{ '/a': { template: '{/b' } }, 'fields./a.template', 'expected } for the { at character 1'],
    [{ '/a': { template: 'x}' } }, 'fields./a.template', 'at character 2'],
    [{ '/a': { template: '{b c}' } }, 'fields./a.template', 'expected a JSON pointer or a query'],
    [{ '/a': { template: '{}' } }, 'fields./a.template', 'expected a JSON pointer or a query'],
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

describe('a query', () => {
  it('selects by a condition, and reaches into lists of lists', () => {
    const labels = [
      { lang: 'de', text: 'Magmatit' },
      { lang: 'en', text: 'igneous rock' },
    ];
    expect(field({ query: "labels[?lang=='en'].text | [0]" }, { labels })).toEqual(x('igneous rock'));
    const groups = [{ names: [{ t: 'a' }, { t: 'b' }] }, { names: [{ t: 'c' }] }];
    expect(field({ query: 'groups[].names[].t' }, { groups })).toEqual(x(['a', 'b', 'c']));
    expect(field({ query: 'labels[].{language: lang, none: nothing}' }, { labels })).toEqual(
      x([{ language: 'de' }, { language: 'en' }]),
    );
  });

  it('that selects nothing, or an empty list, gives no value', () => {
    const error = refusalOf(() => field({ query: "labels[?lang=='en'].text" }, { labels: [{ lang: 'de' }] }));
    expect(error).toMatchObject({ code: 'E_RECORD_FIELD_MISSING', details: { id: 'a1', target: '/x' } });
    expect(error.message).toContain("labels[?lang=='en'].text");
    expect(field({ query: 'nothing[].t', required: false }, {})).toEqual({ id: 'a1' });
  });

  it('may be part of a template, and the condition of a field', () => {
    expect(field({ template: '{a.b[0]}-{/n}' }, { a: { b: ['c'] }, n: 1 })).toEqual(x('c-1'));
    const rule = { value: 1, when_query: "status == 'active' && length(names) > `1`" };
    expect(field(rule, { status: 'active', names: [1, 2] })).toEqual(x(1));
    expect(field(rule, { status: 'active', names: [] })).toEqual({ id: 'a1' });
  });

  it('that cannot be asked of a record rejects it with the field and the query', () => {
    const error = refusalOf(() => field({ query: 'length(n)' }, { n: 1 }));
    expect(error).toMatchObject({ code: 'E_RECORD_TYPE', details: { target: '/x', query: 'length(n)' } });
  });

  it('reaches nothing of the prototype, and a key __proto__ is data', () => {
    expect(field({ query: 'constructor.name', required: false }, {})).toEqual({ id: 'a1' });
    const made = field({ query: '{__proto__: n}' }, { n: { polluted: true } });
    expect(JSON.stringify(made)).toBe('{"id":"a1","x":{"__proto__":{"polluted":true}}}');
  });
});

describe('lists of objects', () => {
  const fields = {
    '/id': { from: '/id' },
    '/names': {
      from: '/names',
      required: false,
      each: {
        '/value': { from: '/v', convert: [{ type: 'trim' }] },
        '/tags': { from: '/t', required: false, each: { '/tag': { from: '' } } },
        '/kind': { value: 'name' },
      },
    },
  };

  it('are mapped item by item, lists in them too', () => {
    expect(make({ fields })({ id: 'a', names: [{ v: ' b ', t: ['c', 'd'] }, { v: 'e' }] })).toEqual({
      id: 'a',
      names: [
        { value: 'b', tags: [{ tag: 'c' }, { tag: 'd' }], kind: 'name' },
        { value: 'e', kind: 'name' },
      ],
    });
    expect(make({ fields })({ id: 'a', names: { v: 'one' } })).toMatchObject({ names: [{ value: 'one' }] });
    expect(make({ fields })({ id: 'a', names: [] })).toEqual({ id: 'a' });
  });

  it('name the item that lacks something', () => {
    const error = refusalOf(() => make({ fields })({ id: 'a', names: [{ v: 'b' }, {}] }));
    expect(error).toMatchObject({ code: 'E_RECORD_FIELD_MISSING', details: { id: 'a' } });
    expect(error.message).toContain('In item 2 of /names');
  });

  it('leave out items without any field', () => {
    const optional = { '/n': { from: '/names', each: { '/v': { from: '/v', required: false } } } };
    expect(make({ fields: optional })({ names: [{}, { v: 1 }] })).toEqual({ n: [{ v: 1 }] });
  });
});

describe('the choice of a language', () => {
  const both = [
    { lang: 'de', value: 'Stein' },
    { lang: 'en-GB', value: 'rock' },
  ];

  it.each([
    ['a list of objects', both],
    ['the other way round', both.toReversed()],
    ['an object by language', { de: 'Stein', en: ['rock', 'stone'] }],
    ['objects by language, as Wikidata has them', { de: { language: 'de', value: 'Stein' }, en: { value: 'rock' } }],
    [
      'terms of XML',
      [
        { '#text': 'rock', '@xml:lang': 'EN' },
        { '#text': 'Stein', '@xml:lang': 'de' },
      ],
    ],
    [
      'literals of JSON-LD',
      [
        { '@value': 'Stein', '@language': 'de' },
        { '@value': 'rock', '@language': 'en' },
      ],
    ],
    ['one object', { text: 'rock', language: 'en_US' }],
  ])('understands %s', (_, labels) => {
    expect(field({ from: '/labels', language: { prefer: ['en'] } }, { labels })).toEqual(x('rock'));
  });

  it('never takes another language where none of the wished ones is there', () => {
    const german = { labels: [{ lang: 'de', value: 'Stein' }, 'plain'] };
    const rule = (language: object): unknown => ({ from: '/labels', language, required: false });
    expect(field(rule({ prefer: ['en'] }), german)).toEqual({ id: 'a1' });
    expect(field(rule({ prefer: ['fr', 'de'] }), german)).toEqual(x('Stein'));
    expect(field(rule({ prefer: ['en'], fallback: 'untagged' }), german)).toEqual(x('plain'));
    expect(field(rule({ prefer: ['en'], fallback: 'untagged' }), { labels: { de: 'Stein' } })).toEqual({ id: 'a1' });
    expect(field(rule({ prefer: ['en'], fallback: 'any' }), { labels: { de: 'Stein' } })).toEqual(x('Stein'));
  });

  it('makes an object of all languages, or of some', () => {
    expect(field({ from: '/labels', languages: {} }, { labels: both })).toEqual(x({ de: 'Stein', 'en-gb': 'rock' }));
    expect(field({ from: '/labels', languages: { only: ['en', 'fr'] } }, { labels: both })).toEqual(x({ en: 'rock' }));
  });

  it('uses the keys that it is given, and says what it does not understand', () => {
    const language = { prefer: ['en'], text_key: 'bezeichnung', language_key: 'sprache' };
    const labels = [{ sprache: 'en', bezeichnung: 'rock' }];
    expect(field({ from: '/labels', language }, { labels })).toEqual(x('rock'));
    const error = refusalOf(() => field({ from: '/labels', language: { prefer: ['en'] } }, { labels }));
    expect(error).toMatchObject({ code: 'E_RECORD_TYPE', details: { id: 'a1', target: '/x' } });
    for (const word of ['text_key', 'sprache']) expect(error.message).toContain(word);
  });

  it('refuses a field of one language that could get another', () => {
    const refused = (language: object): unknown =>
      map.args.safeParse({ fields: { '/title/en': { from: '/l', language } } }).error?.issues[0]?.message;
    expect(refused({ prefer: ['de'] })).toContain('found the language "de"');
    expect(refused({ prefer: ['en'], fallback: 'any' })).toContain('"fallback": "any"');
    expect(refused({ prefer: ['en-GB', 'en', 'eng'], fallback: 'untagged' })).toBeUndefined();
  });
});

describe('a blank text', () => {
  const args = {
    fields: {
      '/id': { from: '/id' },
      '/note': { from: '/note', required: false },
      '/all': { from: '/all', required: false },
      '/both': { template: '{/id} {/note}', required: false },
      '/flag': { value: true, when: '/note' },
    },
  };
  const record = { id: 'a', note: ' ', all: ['', 'b'] };

  it('counts as no value behind csv, and where the job says so', () => {
    const expected = { id: 'a', all: ['b'] };
    expect(make(args, { blankIsAbsent: true })(record)).toEqual(expected);
    expect(make({ ...args, blank: 'absent' })(record)).toEqual(expected);
  });

  it('is kept elsewhere, and where the job says so', () => {
    const expected = { id: 'a', note: ' ', all: ['', 'b'], both: 'a  ', flag: true };
    expect(make(args)(record)).toEqual(expected);
    expect(make({ ...args, blank: 'keep' }, { blankIsAbsent: true })(record)).toEqual(expected);
  });
});

describe('a conversion', () => {
  const convert = (conversions: unknown, v: unknown): unknown =>
    (field({ from: '/v', convert: conversions, required: false }, { v }) as { x?: unknown }).x;

  it.each([
    [{ type: 'number', decimal: ',', grouping: '.' }, '1.234,50', 1234.5],
    [{ type: 'number', decimal: ',', grouping: '.' }, '-1.234.567,5', -1234567.5],
    [{ type: 'number', decimal: ',', grouping: '.', as: 'text' }, '1.234,50', '1234.50'],
    [{ type: 'number', decimal: ',', grouping: ' ' }, '12\u202f345,6', 12345.6],
    [{ type: 'number' }, ' \u22127 ', -7],
    [{ type: 'number' }, '9007199254740993', '9007199254740993'],
    [{ type: 'number', decimal: ',' }, '0,12345678901234567', '0.12345678901234567'],
    [{ type: 'number' }, '1.5e3', 1500],
    [{ type: 'number', grouping: "'" }, "1'000", 1000],
    [{ type: 'number' }, 12.5, 12.5],
    [{ type: 'date', from: ['DD.MM.YYYY'] }, '31.01.2024', '2024-01-31'],
    [{ type: 'date', from: ['D.M.YYYY', 'M/YYYY', 'YYYY'] }, '2/2024', '2024-02'],
    [{ type: 'date', from: ['D MMMM YYYY'] }, '3 Sep. 1999', '1999-09-03'],
    [{ type: 'date', from: ['iso'] }, '2024-02-29T10:11:12Z', '2024-02-29'],
    [{ type: 'date', from: ['iso'], to: 'YYYY' }, '2024-02-29', '2024'],
    [{ type: 'date', from: ['unix'], to: 'YYYY-MM-DDTHH:mm:ss' }, 0, '1970-01-01T00:00:00'],
    [{ type: 'date', from: ['YYYYMMDD'], to: 'D.M.YYYY' }, '20240305', '5.3.2024'],
    [{ type: 'trim', collapse: true }, '  a \n b ', 'a b'],
    [{ type: 'case', to: 'upper' }, 'stra\u00dfe', 'STRASSE'],
    [{ type: 'case', to: 'first_upper' }, 'ab', 'Ab'],
    [{ type: 'split', by: ';' }, 'a; b;;', ['a', 'b']],
    [{ type: 'join', with: ', ' }, ['a', 1], 'a, 1'],
    [{ type: 'replace', pattern: '^https?://(\\w+)', with: '$1:' }, 'https://ror/x', 'ror:/x'],
    [{ type: 'extract', pattern: '[0-9]{4}' }, 'in 1999', '1999'],
    [{ type: 'extract', pattern: 'id=([0-9]+)' }, 'x?id=12', '12'],
    [{ type: 'extract', pattern: 'z' }, 'x', undefined],
    [{ type: 'unique' }, ['a', 'b', 'a'], ['a', 'b']],
  ])('%j makes of %j: %j', (conversion, from, to) => {
    expect(convert([conversion], from)).toEqual(to);
  });

  it.each<[object, unknown, string]>([
    [{ type: 'number', decimal: ',', grouping: '.' }, '1.5', 'a number with'],
    [{ type: 'number', decimal: ',' }, '1.234,5', 'a number with'],
    [{ type: 'number' }, '12 EUR', 'a number with'],
    [{ type: 'number' }, true, 'a number with'],
    [{ type: 'date', from: ['DD.MM.YYYY'] }, '31.02.2024', 'a date as DD.MM.YYYY'],
    [{ type: 'date', from: ['YYYY'], to: 'YYYY-MM' }, '2024', 'a date as YYYY'],
    [{ type: 'split', by: ';' }, { a: 1 }, 'a text to split'],
    [{ type: 'replace', pattern: 'a', with: 'b' }, 'x'.repeat(300_000), 'a text to replace in of at most 250000'],
  ])('%j rejects a value that does not fit', (conversion, from, expected) => {
    const error = refusalOf(() => convert([conversion], from));
    expect(error).toMatchObject({ code: 'E_RECORD_TYPE', details: { id: 'a1', target: '/x', pointer: '/v' } });
    for (const word of [`Expected ${expected}`, 'for /x, found ']) expect(error.message).toContain(word);
  });

  it('works on each item of a list, in the order of the job, and before a table', () => {
    const rule = {
      from: '/v',
      convert: [{ type: 'split', by: '|' }, { type: 'case', to: 'lower' }, { type: 'unique' }],
      table: { at: 'Austria', ch: 'Switzerland' },
    };
    expect(field(rule, { v: 'AT| at |CH' })).toEqual(x(['Austria', 'Switzerland']));
  });

  it('takes linear time for any pattern', () => {
    const text = 'a'.repeat(100_000);
    expect(convert([{ type: 'replace', pattern: '(a*)*b', with: '' }], text)).toBe(text);
  });

  it('is bounded over a whole list', () => {
    const long = Array.from({ length: 50 }, () => 'a'.repeat(2_000));
    const rule = [{ type: 'replace', pattern: 'a', with: 'b'.repeat(100) }];
    expect(refusalOf(() => convert(rule, long)).message).toContain('characters in all');
    expect(refusalOf(() => convert([{ type: 'split', by: ',' }], ','.repeat(20_000))).message).toContain(
      'at most 10000',
    );
  });

  it('that leaves nothing counts as a missing value', () => {
    const rule = { from: '/v', convert: [{ type: 'extract', pattern: 'z' }] };
    const error = refusalOf(() => field(rule, { v: 'x' }));
    expect(error.code).toBe('E_RECORD_FIELD_MISSING');
    expect(error.message).toContain('the text "x"');
    expect(field({ ...rule, otherwise: 0 }, { v: 'x' })).toEqual(x(0));
  });
});

it('says what selected something, and declares the rest once a record has come', () => {
  const declared = new Map<string, boolean>();
  const watch = (selector: string) => {
    declared.set(selector, false);
    return () => {
      declared.set(selector, true);
    };
  };
  const fields = {
    '/id': { from: '/id' },
    '/a': { query: 'names[].value', required: false },
    '/b': { template: '{/id} {/none}', required: false },
    '/c': { from: '/id', convert: [{ type: 'replace', pattern: 'q', with: '' }] },
    '/d': { from: '/labels', language: { prefer: ['fr'] }, required: false },
    '/e': { value: 1, when: '/flag' },
  };
  const mapped = make({ fields }, { watch });
  expect(declared.size).toBe(0);
  mapped({ id: 'a', labels: [{ lang: 'en', value: 'x' }] });
  const silent = (): readonly string[] => [...declared].flatMap(([selector, found]) => (found ? [] : [selector]));
  expect(silent()).toEqual([
    expect.stringMatching(/^\/a: .*names\[\]\.value/),
    expect.stringMatching(/^\/b: \/none/),
    expect.stringMatching(/^\/c: .*"q".*replace/),
    expect.stringMatching(/^\/d: .*fr/),
    expect.stringMatching(/^\/e: .*\/flag/),
  ]);
  mapped({ id: 'q', names: [{ value: 1 }], none: 1, labels: { fr: 'x' }, flag: 0 });
  expect(silent()).toEqual([]);
});
