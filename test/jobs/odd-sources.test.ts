/** What `new job` makes of sources that are not what a stranger took them for. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runWords } from '../cli/run-words.ts';
import { buildXlsx, toRows } from '../support/build-xlsx.ts';
import { tempDir } from '../support/temp-dir.ts';

const CSV = 'id;Name\n1;Zürich\n2;Genève\n';
const utf16 = (text: string, mark = true): Buffer => Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
const workbook = (...sheets: readonly (readonly (readonly string[])[])[]): Buffer =>
  buildXlsx({ sheets: sheets.map((rows, i) => ({ name: `Sheet ${String(i + 1)}`, rows: toRows(rows) })) });
const DATA = [
  ['id', 'name'],
  ['1', 'Alpha'],
];

describe('new job', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = tempDir();
  });

  async function draft(name: string, content: string | Buffer) {
    writeFileSync(join(cwd, name), content);
    const { code, stdout, stderr } = await runWords(['new', 'job', 'terms', '--from', name], { cwd });
    return { code, said: `${stdout}${stderr}`.replace(/\s+/g, ' '), path: join(cwd, 'jobs', 'terms.json') };
  }

  it.each<[string, string | Buffer, RegExp]>([
    ['empty.json', '', /empty/],
    ['blank.csv', '\n\n  \n', /white space|no records/],
    ['page.htm', '<html><head><title>Log in</title></head><body></body></html>', /HTML page/],
    ['line.txt', 'x'.repeat(300_000), /first line.* followed by nothing/],
    ['number.json', '42', /one JSON value, the number 42/],
    ['text.json', '"hello"\n', /one JSON value, the text "hello"/],
    ['null.json', 'null', /one JSON value, null/],
    ['texts.json', '["alpha", "beta"]', /not objects: the first is the text "alpha"/],
    ['nested.json', '[[{"id": "a"}], [{"id": "b"}]]', /not objects: the first is a list/],
    ['list.yaml', '- alpha\n- beta\n', /not objects: the first is the text "alpha"/],
    ['none.json', '[]', /no records/],
    ['object.json', '{}', /no fields/],
    ['empty.xlsx', workbook([]), /no records/],
    ['utf16.json', utf16('[{"id": "a"}]'), /UTF-16/],
    ['picture.png', Buffer.from('89504e470d0a1a0a0000000d4948445200000001', 'hex'), /PNG|image|binary/i],
  ])('refuses %s with a reason, and writes nothing', async (name, content, says) => {
    const { code, said, path } = await draft(name, content);
    expect(said).toMatch(says);
    expect(code).toBeGreaterThan(0);
    expect(said.length).toBeLessThan(1500);
    expect(existsSync(path)).toBe(false);
  });

  it.each<[string, string | Buffer, readonly object[]]>([
    [
      'bom.csv',
      `\ufeff${CSV}`,
      [
        { id: '1', title: 'Zürich' },
        { id: '2', title: 'Genève' },
      ],
    ],
    ['bom.json', '\ufeff[{"id": "a", "name": "A"}]', [{ id: 'a' }]],
    ['bom.jsonl', '\ufeff{"id": "a"}\n{"id": "b"}\n', [{ id: 'a' }, { id: 'b' }]],
    ['utf16.csv', utf16(CSV), [{ id: '1' }, { id: '2', title: 'Genève' }]],
    ['utf16-without-mark.csv', utf16(CSV, false), [{ id: '1' }, { id: '2', title: 'Genève' }]],
    ['one-column.csv', 'name\nalpha\nbeta\n', [{ id: 'alpha' }, { id: 'beta' }]],
    ['long-cell.csv', `id,name\n1,${'x'.repeat(200_000)}\n`, [{ id: '1' }]],
    ['long-text.json', `[{"id": "a", "text": "${'x'.repeat(300_000)}"}]`, [{ id: 'a' }]],
    ['cover.xlsx', workbook([], DATA), [{ id: '1', title: 'Alpha', sheet: 'Sheet 2' }]],
    ['carriage-returns.csv', 'id,name\r1,a\r2,b\r', [{ id: '1' }, { id: '2' }]],
  ])('reads %s', async (name, content, records) => {
    const { code, said, path } = await draft(name, content);
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(said.length).toBeLessThan(2000);
    const { stdout } = await runWords(['preview', path], { cwd });
    const shown = stdout.trim().split('\n');
    const found = shown.map((line) => (JSON.parse(line) as { record: object }).record);
    expect(found).toMatchObject(records);
  });

  it('says that a workbook has more sheets than it reads', async () => {
    const { code, said } = await draft('two.xlsx', workbook(DATA, DATA));
    expect(said).toContain('"Sheet 1"');
    expect(code).toBe(0);
  });

  it('writes the first example of the documentation of jobs as it is printed: check accepts it', async () => {
    const page = readFileSync(new URL('../../docs/write-a-job.md', import.meta.url), 'utf8');
    const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
    writeFileSync(join(cwd, 'our-affiliations.json'), example);
    expect(await runWords(['check', join(cwd, 'our-affiliations.json')], { cwd })).toMatchObject({ code: 0 });
  });
});

describe('check', () => {
  const job = (id: string) => ({
    id,
    title: 'Prices',
    readers: [{ type: 'file', args: { path: 'a.json' } }, { type: 'json' }],
    writers: [{ type: 'postgres', args: { table: 'prices' } }],
  });

  it('goes through a folder, names equal ids, and goes on after files that it cannot read', async () => {
    const cwd = tempDir();
    const write = (name: string, content: string | Buffer): void => {
      writeFileSync(join(cwd, name), content);
    };
    write('a.json', JSON.stringify(job('a')));
    write('b.json', JSON.stringify(job('a')));
    write('latin.json', Buffer.from(JSON.stringify({ ...job('latin'), title: 'Ä' }), 'latin1'));
    write('utf16.json', utf16(JSON.stringify(job('utf16'))));
    write('void.json', '');
    write('z.json', JSON.stringify(job('z')));
    const { stdout, stderr, code } = await runWords(['check', cwd, join(cwd, 'none.json')], { cwd });
    const said = `${stdout}${stderr}`.replace(/\s+/g, ' ');
    expect(said).toMatch(/b\.json:1:\d+: error: \/id: the id "a" is also that of a\.json/);
    for (const words of ['latin.json:1:', 'Latin-1', 'UTF-16', 'void.json', 'z.json: 1 warning', 'There is no job'])
      expect(said).toContain(words);
    expect(code).toBe(1);
  });
});
