import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { csv } from '../../readers/csv.ts';
import { isFailure } from '../../src/records/entry.ts';
import { formatFixtures } from '../support/format-fixtures.ts';
import { bytesResource, errorOf, outline, pathResource, readRecords, testContext } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';

const read = (text: string | Buffer, args: object = {}, sizes: readonly number[] = [3]) =>
  readRecords(csv, bytesResource(text, sizes, 'test.csv'), args);
const rows = async (text: string | Buffer, args: object = {}) => outline(await read(text, { as_dict: false, ...args }));
const options = (csv_options: object) => ({ csv_options });

const records = [
  { id: '05dxps055', name: 'California Institute of Technology', since: '1891' },
  { id: '01ggx4157', name: 'Organisation Européenne pour la Recherche Nucléaire', since: '1954' },
  { id: '03yrm5c26', name: '日本語 "quoted", \\ and\nanother line', since: '' },
];
const limits = { max_record_bytes: 1000 };

describe('csv', () => {
  it.each(formatFixtures('csv', 'ok'))('reads $name, however its bytes come', async ({ path, name }) => {
    expect(outline(await readRecords(csv, pathResource(path)))).toEqual(records);
    const bytes = readFileSync(path);
    for (const sizes of [[1], [2], [7, 1000]]) {
      expect(outline(await readRecords(csv, bytesResource(bytes, sizes, name)))).toEqual(records);
    }
  });

  it.each(formatFixtures('csv', 'bad').filter(({ code }) => !code.startsWith('E_RECORD')))(
    'refuses $name with its code',
    async ({ path, code, name }) => {
      const error = await errorOf(readRecords(csv, pathResource(path)));
      expect(error.code).toBe(code);
      expect(error.message).toContain(name);
    },
  );

  it.each(formatFixtures('csv', 'bad').filter(({ code }) => code.startsWith('E_RECORD')))(
    'loses one row of $name and no other',
    async ({ path, code, name }) => {
      const items = await readRecords(csv, pathResource(path), limits);
      expect(items.filter(isFailure).map(({ error }) => error.code)).toEqual([code]);
      expect(items.length).toBeGreaterThan(2);
      const byOne = await readRecords(csv, bytesResource(readFileSync(path), [1], name), limits);
      expect(outline(byOne)).toEqual(outline(items));
    },
  );

  it('says in which line a bad row begins, and shows it', async () => {
    const items = await read('id,name\n1,"a\nb"\n\n2,"c\n3,d\n');
    expect(items).toMatchObject([
      { position: 0, value: { id: '1', name: 'a\nb' } },
      { position: 1, raw: '2,"c', error: { code: 'E_RECORD_SYNTAX', details: { line: 5, byte: 17 } } },
      { position: 2, value: { id: '3', name: 'd' } },
    ]);
  });

  it('reads any Unicode encoding by its mark, with and without a name', async () => {
    const text = 'id,name\na,è😀\n';
    const swapped = (bytes: Buffer, size: number) =>
      Buffer.concat(
        Array.from({ length: bytes.length / size }, (_, i) =>
          Buffer.from(bytes.subarray(i * size, i * size + size)).reverse(),
        ),
      );
    const little16 = (value: string) => Buffer.from(value, 'utf16le');
    const little32 = (value: string) =>
      Buffer.concat(
        Array.from(value, (character) => {
          const bytes = Buffer.alloc(4);
          bytes.writeUInt32LE(character.codePointAt(0) ?? 0);
          return bytes;
        }),
      );
    const marked = `\ufeff${text}`;
    const files: readonly (readonly [string, readonly string[], Buffer])[] = [
      ['UTF-16 LE', ['utf-16', 'utf_16', 'UTF16', 'u16', 'utf-16-le', 'utf-16le'], little16(marked)],
      ['UTF-16 BE', ['utf-16', 'UTF-16', 'utf16', 'utf-16-be', 'utf_16_be'], swapped(little16(marked), 2)],
      ['UTF-32 LE', ['utf-32', 'utf32', 'utf-32-le', 'UTF-32LE'], little32(marked)],
      ['UTF-32 BE', ['utf-32', 'u32', 'utf_32_be'], swapped(little32(marked), 4)],
      ['UTF-8', ['utf-8', 'utf-8-sig', 'utf8'], Buffer.from(marked)],
    ];
    for (const [what, names, bytes] of files) {
      for (const args of [{}, ...names.map((encoding) => ({ encoding }))]) {
        for (const sizes of [[1], [5], [1000]]) {
          expect([what, args, outline(await read(bytes, args, sizes))]).toEqual([
            what,
            args,
            [{ id: 'a', name: 'è😀' }],
          ]);
        }
      }
    }
    const bare = [
      ['utf-16', little16(text)],
      ['utf-16', swapped(little16(text), 2)],
      ['utf-32', little32(text)],
      ['utf-32', swapped(little32(text), 4)],
    ] as const;
    for (const [encoding, bytes] of bare)
      expect(outline(await read(bytes, { encoding }))).toEqual([{ id: 'a', name: 'è😀' }]);
    for (const [encoding, bytes] of [
      ['utf-16-le', swapped(little16(marked), 2)],
      ['utf-8', little16(marked)],
      ['utf-16', little32(marked)],
      ['utf-32', little32(marked).subarray(0, -1)],
      ['utf-32', Buffer.from([0, 0, 0xfe, 0xff, 0, 0x11, 0, 0])],
    ] as const) {
      const error = await errorOf(read(bytes, { encoding }));
      expect([error.code, error.message]).toEqual(['E_CSV_STRUCTURE', expect.stringContaining('"encoding"')]);
    }
  });

  it('reads rows with too few or too many blank cells where it is told to', async () => {
    const text = 'a,b,c\n1,2,3\n1,2\n1\n1,2,3,\n1,2,3, ,\n1,2,3,4\n';
    const faults = (positions: readonly number[]) => positions.map((i) => `${String(i)}:E_RECORD_COLUMNS`);
    const items = await read(text);
    expect(outline(items)).toEqual([{ a: '1', b: '2', c: '3' }, ...faults([1, 2, 3, 4, 5])]);
    expect(items[1]).toMatchObject({ error: { message: expect.stringContaining('"ragged_rows": true') as string } });
    const whole = { a: '1', b: '2', c: '3' };
    const ragged = [whole, { a: '1', b: '2', c: '' }, { a: '1', b: '', c: '' }, whole, whole, ...faults([5])];
    expect(outline(await read(text, { ragged_rows: true }))).toEqual(ragged);
    expect(outline(await read('a,b,\n1,2,\n1,2\n1\n', { ragged_rows: true }))).toEqual([
      { a: '1', b: '2' },
      { a: '1', b: '2' },
      { a: '1', b: '' },
    ]);
  });

  it('takes for a number only a decimal one, and keeps the digits that a double cannot hold', async () => {
    const args = options({ quoting: 2 });
    expect(await rows('1,-2.5,+3e2,.5,12345678901234567890,1e400\n', args)).toEqual([
      [1, -2.5, 300, 0.5, '12345678901234567890', '1e400'],
    ]);
    for (const text of ['0x10', '1_000', 'inf', '0b1', ''])
      expect(await rows(`"a",${text}\n`, args)).toEqual(['0:E_RECORD_SYNTAX']);
  });

  it('gives lists without names, the first row too', async () => {
    expect(await rows('a,b\n1\n')).toEqual([['a', 'b'], ['1']]);
  });

  it('takes names for data, and warns of one that stands twice', async () => {
    const context = testContext();
    const items = await readRecords(csv, bytesResource('__proto__,a,a\n1,2,3\n'), {}, context);
    expect(JSON.stringify(items)).toBe('[{"position":0,"value":{"__proto__":"1","a":"3"}}]');
    expect(context.warnings).toMatchObject([{ code: 'W_CSV_COLUMN_REPEATED' }]);
  });

  it('looks for names that stand twice in a row of very many', { timeout: 120_000 }, async () => {
    const names = Array.from({ length: 150_000 }, (_, i) => `c${String(i)}`).join(',');
    const context = testContext();
    const before = process.cpuUsage();
    const items = await readRecords(csv, bytesResource(`${names},c7\n1,2\n`), {}, context);
    expect(outline(items)).toEqual(['0:E_RECORD_COLUMNS']);
    expect(context.warnings).toHaveLength(1);
    // A tenth of a second; with each name compared with all before it, half a minute.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(8);
  });

  it("takes the delimiter from Excel's first line, and tells lines as they are in the file", async () => {
    for (const end of ['\r\n', '\n']) {
      const items = await read(['\ufeffsep=;', 'a;b', '1;2,3', '4;5;6', ''].join(end));
      expect(outline(items)).toEqual([{ a: '1', b: '2,3' }, '1:E_RECORD_COLUMNS']);
      expect(items[1]).toMatchObject({ error: { details: { line: 4 } } });
    }
    expect(outline(await read('sep=;x\n1\n'))).toEqual([{ 'sep=;x': '1' }]);
  });

  it('gives nothing for an empty file, or a header alone: the engine decides what that means', async () => {
    for (const text of ['', '\n\r\n', 'id,name\n', 'id,name']) expect(await read(text)).toEqual([]);
  });

  it('begins at the row that is asked for', async () => {
    const items = await readRecords(csv, bytesResource('a\n1\n"2\n3\n4'), {}, testContext({ from: 2 }));
    expect(items).toEqual([
      { position: 2, value: { a: '3' } },
      { position: 3, value: { a: '4' } },
    ]);
  });

  it('bounds a row, and how far it follows a quote', async () => {
    const text = `a\n"1\n${'2\n'.repeat(5000)}"${'x'.repeat(5000)}\n3\n`;
    const items = await read(text, limits, [512]);
    expect(items).toHaveLength(5003);
    expect(items.filter(isFailure).map(({ position, error }) => [position, error.code])).toEqual([
      [0, 'E_RECORD_SYNTAX'],
      [5001, 'E_RECORD_TOO_LARGE'],
    ]);
  });

  const P02 = sharedData('nvs', 'P02.csv');
  it.skipIf(P02 === undefined)('reads the source of NVS', async () => {
    const items = await readRecords(csv, pathResource(P02 ?? ''));
    expect(items).toHaveLength(476);
    expect(items[1]).toMatchObject({ value: { id: 'SDN:P02::ARAD', altLabel: 'AtmosRad' } });
  });
});

describe('the dialect', () => {
  it.each([
    [{ delimiter: ';' }, 'a;"b;c"\n', ['a', 'b;c']],
    [{ delimiter: '§' }, 'a§"b§c"§\n', ['a', 'b§c', '']],
    [{ dialect: 'excel-tab' }, 'a\t"b\tc"\n', ['a', 'b\tc']],
    [{ quotechar: "'" }, "a,'b,''c',\"d\n", ['a', "b,'c", '"d']],
    [{ quotechar: null }, 'a,"b,c"\n', ['a', '"b', 'c"']],
    [{ quoting: 3 }, 'a,"b\n', ['a', '"b']],
    [{ quoting: 'csv.QUOTE_NONE' }, 'a,"b\n', ['a', '"b']],
    [{ quoting: 'QUOTE_ALL' }, '"a","b"\n', ['a', 'b']],
    [{ quoting: 2 }, '"1",2,-0.5\n', ['1', 2, -0.5]],
    [{ quoting: 'QUOTE_NOTNULL' }, '"",,a\n', ['', null, 'a']],
    [{ quoting: 4 }, '"",,1\n', ['', null, 1]],
    [{ skipinitialspace: true }, 'a, "b, c",  d\n', ['a', 'b, c', 'd']],
    [{}, 'a, b ,c"d"\n', ['a', ' b ', 'c"d"']],
    [{ escapechar: '\\', doublequote: false }, 'a,"b\\"c"\n', ['a', 'b"c']],
    [{ escapechar: '\\' }, '"a""b\\"c","","\\\\"\n', ['a"b"c', '', '\\']],
    [{ escapechar: '\\' }, 'a\\,b,\\"c\\",d\\\n', ['a,b', '"c"', 'd\n']],
    [{ escapechar: '\\', quoting: 3 }, 'a\\\r\nb,"c\\,"\n', ['a\r\nb', '"c,"']],
    [{ skipinitialspace: true }, ' a,\u00a0b,\tc, ,""\n', ['a', '\u00a0b', '\tc', '', '']],
    [{ lineterminator: '\r\n', strict: true, doublequote: true }, 'a,b\rc,d', ['a', 'b']],
  ])('%j', async (csvOptions, text, cells) => {
    expect((await rows(text, options(csvOptions)))[0]).toEqual(cells);
  });

  it('rejects a row that has text where numbers belong', async () => {
    expect(await rows('1,2\n3,x\n4\n', options({ quoting: 2 }))).toEqual([[1, 2], '1:E_RECORD_SYNTAX', [4]]);
  });

  it.each([{ delimiter: 'ab' }, { delimiter: '"', quotechar: '"' }, { quotechar: 'é' }, { quoting: 9 }, { nope: 1 }])(
    'refuses %j',
    (csvOptions) => {
      expect(csv.args.safeParse(options(csvOptions)).success).toBe(false);
    },
  );
});

describe('the encoding', () => {
  it.each([
    ['latin-1', Buffer.from('Université', 'latin1'), 'Université'],
    ['ISO-8859-1', Buffer.from('Université', 'latin1'), 'Université'],
    ['cp1252', Buffer.from([0x93, 0x61, 0x94, 0x80]), '“a”€'],
    ['utf_8_sig', Buffer.from('\ufeffé'), 'é'],
    ['utf-16-le', Buffer.from('é', 'utf16le'), 'é'],
    ['cp1251', Buffer.from([0xcf]), 'П'],
  ])('%s', async (encoding, bytes, text) => {
    expect(await rows(bytes, { encoding })).toEqual([[text]]);
  });

  it('is one that is known, and the one of the file', async () => {
    expect(csv.args.safeParse({ encoding: 'klingon' }).success).toBe(false);
    const error = await errorOf(read(Buffer.from([0x61, 0x0a, 0xff, 0xff]), { encoding: 'gb18030' }));
    expect(error.code).toBe('E_CSV_STRUCTURE');
  });
});
