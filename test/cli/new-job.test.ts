/** `new job --from`: the job that is written reads its source. No server is needed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildTar } from '../support/build-tar.ts';
import { buildZip } from '../support/build-zip.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runWords, type RunResult } from './run-words.ts';

interface Written {
  readonly readers: readonly { readonly type: string; readonly args?: Record<string, unknown> }[];
  readonly transformers: readonly { readonly args: { readonly fields: Record<string, Record<string, unknown>> } }[];
  readonly guards: Record<string, unknown>;
}

let cwd: string;
beforeEach(() => {
  cwd = tempDir();
});

const cli = (...words: readonly string[]): Promise<RunResult> => runWords(words, { cwd });
const written = (name = 'terms'): Written =>
  JSON.parse(readFileSync(join(cwd, 'jobs', `${name}.json`), 'utf8')) as Written;

async function draft(name: string, content: string | Buffer): Promise<Written> {
  writeFileSync(join(cwd, name), content);
  const { code, stderr } = await cli('new', 'job', 'terms', '--from', name);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect((await cli('check', join(cwd, 'jobs', 'terms.json'))).code).toBe(0);
  return written();
}

/** What the job that was written makes of its source. */
async function preview(): Promise<readonly { readonly id: string; readonly record: Record<string, unknown> }[]> {
  const { code, stdout, stderr } = await cli('preview', join(cwd, 'jobs', 'terms.json'));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; record: Record<string, unknown> });
}

const rows = Array.from({ length: 20 }, (_, i) => ({ code: `c${String(i)}`, label: `Term ${String(i)}`, group: 'a' }));

describe('new job', () => {
  it('reads a table of a spreadsheet: Latin-1, semicolons, decimal commas, dates, blanks', async () => {
    const lines = [
      'Nummer;Bezeichnung (de);Fläche;Gültig seit',
      '1;Zürich;1.234,50;01.02.2003',
      '2;Genf;7,25;31.12.1999',
      '3;"Bern; Stadt";;05.05.2005',
    ];
    const { readers, guards } = await draft('gebiete.csv', Buffer.from(lines.join('\r\n'), 'latin1'));
    expect(readers[1]).toEqual({ type: 'csv', args: { csv_options: { delimiter: ';' }, encoding: 'windows-1252' } });
    expect(await preview()).toMatchObject([
      { id: '1', record: { title: 'Zürich', flache: 1234.5, gultig_seit: '2003-02-01' } },
      { id: '2', record: { title: 'Genf', flache: 7.25 } },
      { id: '3', record: { title: 'Bern; Stadt' } },
    ]);
    expect(guards).toMatchObject({ min_records: 2, min_fill_percent: { title: 95 } });
    expect(Object.keys(guards['min_fill_percent'] as object)).not.toContain('flache');
  });

  it('finds the list in an envelope, its id and its title', async () => {
    const document = { meta: { authors: [{ name: 'A' }] }, data: { items: rows } };
    const { readers, transformers } = await draft('terms.json', JSON.stringify(document, null, 2));
    expect(readers[1]).toEqual({ type: 'json', args: { items: '/data/items' } });
    expect(transformers[0]?.args.fields).toMatchObject({ '/id': { from: '/code' }, '/title': { from: '/label' } });
    expect(await preview()).toHaveLength(20);
  });

  it.each<[string, () => string | Buffer, readonly object[]]>([
    ['terms.jsonl', () => rows.map((row) => JSON.stringify(row)).join('\n'), [{ type: 'jsonl' }]],
    ['terms.json', () => JSON.stringify(rows), [{ type: 'json' }]],
    [
      'terms.tsv',
      () => ['code\tlabel', ...rows.map(({ code, label }) => `${code}\t${label}`)].join('\n'),
      [{ type: 'csv', args: { csv_options: { delimiter: '\t' } } }],
    ],
    [
      'terms.yaml',
      () => rows.map(({ code, label }) => `- code: ${code}\n  label: ${label}\n`).join(''),
      [{ type: 'yaml' }],
    ],
    [
      'terms.xml',
      () =>
        `<?xml version="1.0"?><list made="2026"><head/>${rows.map(({ code, label }) => `<term><code>${code}</code><label>${label}</label></term>`).join('')}</list>`,
      [{ type: 'xml', args: { root_element: 'term' } }],
    ],
    ['terms.json.gz', () => gzipSync(JSON.stringify(rows)), [{ type: 'gzip' }, { type: 'json' }]],
    [
      'terms.zip',
      () =>
        buildZip([
          { name: 'readme.txt', content: 'x' },
          { name: 'terms.csv', content: 'code\n1' },
          { name: 'terms.json', content: JSON.stringify(rows) },
        ]),
      [{ type: 'zip', args: { regex: '\\.json$' } }, { type: 'json' }],
    ],
    [
      'terms.tar.gz',
      () => gzipSync(buildTar([{ name: 'a.jsonl', content: rows.map((row) => JSON.stringify(row)).join('\n') }])),
      [{ type: 'gzip' }, { type: 'tar', args: { regex: '\\.jsonl$' } }, { type: 'jsonl' }],
    ],
  ])('reads %s', async (name, content, chain) => {
    const { readers } = await draft(name, content());
    expect(readers.slice(1)).toEqual(chain);
    expect((await preview()).map(({ id }) => id)).toEqual(rows.map(({ code }) => code));
  });

  it('recognises one page of an API and asks for the others', async () => {
    const server = createServer((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? '1');
      const next = page < 3 ? { next: `http://${request.headers.host ?? ''}/terms?page=${String(page + 1)}` } : {};
      const hits = rows.slice(0, 5).map((row) => ({ ...row, code: `${row.code}-${String(page)}` }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ hits: { hits, total: 15 }, links: next }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/terms`;
    const { code, stdout } = await cli('new', 'job', 'terms', '--from', url);
    expect(code).toBe(0);
    expect(stdout).toContain('one page of several');
    expect(written().readers).toMatchObject([
      {
        type: 'http-api',
        args: {
          items: '/hits/hits',
          total: '/hits/total',
          id: '/code',
          paging: { type: 'next_link', next: '/links/next' },
        },
      },
    ]);
    expect(await preview()).toHaveLength(15);
  });

  it.each([
    ['a number', 60],
    ['a text', '60'],
  ])('says that a document reports more records than it holds, as %s', async (_what, total) => {
    writeFileSync(join(cwd, 'page.json'), JSON.stringify({ total, items: rows }));
    const { code, stdout } = await cli('new', 'job', 'terms', '--from', 'page.json');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/60.*http-api/)]);
  });

  it('says nothing of that where the document holds all', async () => {
    writeFileSync(join(cwd, 'all.json'), JSON.stringify({ total: rows.length, items: rows }));
    expect((await cli('new', 'job', 'terms', '--from', 'all.json')).stdout).not.toContain('http-api');
  });

  it('reads records with fields that are called like credentials', async () => {
    const { guards } = await draft('terms.json', JSON.stringify(rows.map((row) => ({ ...row, api_key: row.code }))));
    expect(guards).toMatchObject({ min_fill_percent: { api_key: 95 } });
  });

  it('says that the id is a guess where no field has a value of its own', async () => {
    writeFileSync(join(cwd, 'x.csv'), 'group,kind\na,x\na,x\n');
    const { code, stdout } = await cli('new', 'job', 'terms', '--from', 'x.csv');
    expect([code, stdout]).toEqual([0, expect.stringContaining('a guess')]);
  });

  it('never replaces a file unasked', async () => {
    writeFileSync(join(cwd, 'x.csv'), 'id\n1\n');
    expect((await cli('new', 'job', 'terms', '--from', 'x.csv')).code).toBe(0);
    const again = await cli('new', 'job', 'terms', '--from', 'x.csv', '--title', 'Other');
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--force')]);
    expect((await cli('new', 'job', 'terms', '--from', 'x.csv', '--title', 'Other', '--force')).code).toBe(0);
    expect(written()).toMatchObject({ title: 'Other' });
  });

  it('publishes the records of a fixture of InvenioRDM as they are', async () => {
    const fixture = '- id: 01ggx4157\n  name: CERN\n  title:\n    en: European Organization for Nuclear Research\n';
    const job = await draft('affiliations_ror.yaml', fixture);
    expect(job).toMatchObject({ vocabulary: 'affiliations' });
    expect(job.transformers).toBeUndefined();
    expect(await preview()).toMatchObject([{ id: '01ggx4157', record: { name: 'CERN' } }]);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['vocabularies.yaml', 'languages:\n  pid-type: lng\n  data-file: languages.yaml\n', /fixtures[^]*languages\.yaml/],
    ['page.html', '<!doctype html><html><body>Log in</body></html>', /HTML/],
    ['empty.csv', '', /empty/],
    ['report.pdf', '%PDF-1.7 …', /PDF/],
    ['head.csv', 'id,name\n', /no records/],
    ['readme.md', '# Prices, of all\n\nSee the page\n- a\n- b, c, d\n', /are broken/],
  ])('refuses %s, and writes nothing', async (name, content, says) => {
    writeFileSync(join(cwd, name), content);
    const { code, stderr } = await cli('new', 'job', 'terms', '--from', name);
    expect([code, stderr]).toEqual([2, expect.stringMatching(says)]);
    expect(existsSync(join(cwd, 'jobs', 'terms.json'))).toBe(false);
  });

  it.each([
    [['new', 'job', 'Not an id', '--from', 'x.csv'], /id/],
    [['new', 'job', 'terms', '--from', 'ftp://example.org/x'], /http/],
    [['new', 'job', 'terms', '--from', 'none.csv'], /none\.csv/],
    [['new', 'job', 'terms', '--from', 'sftp://me@localhost/x.csv'], /SFTP_PASSWORD/],
    [['new', 'job', 'terms', '--from', 'cut.json'], /truncated/],
  ])('names what is wrong in %j', async (words, says) => {
    writeFileSync(join(cwd, 'x.csv'), 'id\n1\n');
    writeFileSync(join(cwd, 'cut.json'), '{"items": [{"id": 1}, {"id"');
    const { code, stderr } = await cli(...words);
    expect([code > 0, stderr]).toEqual([true, expect.stringMatching(says)]);
  });
});
