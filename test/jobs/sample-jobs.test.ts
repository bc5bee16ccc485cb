/** The jobs of config/samples/jobs: their examples, and those that read an API also on a server with faults. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { runWords } from '../cli/run-words.ts';
import { startApi } from '../support/api-reader.ts';
import type { ApiShape } from '../support/api-server.ts';
import { sampleWorkbook } from '../support/make-sample-workbook.ts';
import { tempDir } from '../support/temp-dir.ts';

const SAMPLES = join(findPackageRoot(), 'config', 'samples', 'jobs');
const JOBS = ['crafts', 'habitats', 'instruments', 'minerals', 'rocks'];

type Value = Record<string, unknown>;

interface Answer {
  address?: string;
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  file?: string;
  text?: string;
}

interface Example {
  title: string;
  expected?: Value[];
  rejected?: Value[];
  answers?: Answer[];
  records?: Value[];
  text?: string;
  error?: string;
}

const examplesOf = (name: string): Example[] =>
  (JSON.parse(readFileSync(join(SAMPLES, `${name}.examples.json`), 'utf8')) as { examples: Example[] }).examples;

describe('a sample job', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = tempDir();
    cpSync(SAMPLES, join(cwd, 'jobs'), { recursive: true });
  });

  async function test(name: string, examples: readonly Example[]) {
    writeFileSync(join(cwd, 'jobs', `${name}.examples.json`), JSON.stringify({ examples }));
    const { stdout, stderr, code } = await runWords(['test', name], { cwd });
    return { code, text: `${stdout}${stderr}`.replace(/\s+/g, ' ') };
  }

  it('passes check and its examples', async () => {
    expect(await runWords(['check', 'jobs'], { cwd })).toMatchObject({ code: 0 });
    const { stdout, code } = await runWords(['test', 'jobs', '--json'], { cwd });
    const { jobs } = JSON.parse(stdout) as { jobs: { job: string; examples: { ok: boolean }[] }[] };
    expect(jobs.map(({ job }) => job)).toEqual(JOBS);
    expect(jobs.flatMap(({ examples }) => examples).filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
  });

  it('holds the workbook that is made by the script', () => {
    expect(readFileSync(join(SAMPLES, 'instruments.xlsx')).equals(sampleWorkbook())).toBe(true);
  });

  it.each(JOBS)('shows what differs from a changed expectation: %s', async (name) => {
    const [first, ...others] = examplesOf(name);
    const [record, ...records] = first?.expected ?? [];
    const changed = { ...record, subject: 'something else' };
    const { code, text } = await test(name, [
      { ...first, title: 'changed', expected: [changed, ...records] },
      ...others,
    ]);
    expect(code).toBe(1);
    expect(text).toContain('1 failed');
    const [id, subject] = [String(record?.['id']), JSON.stringify(record?.['subject'])];
    expect(text).toContain(`${id} /subject: expected "something else", found ${subject}`);
  });

  it('shows an address that was not expected, and pages that were not requested', async () => {
    const [first] = examplesOf('crafts');
    const answers = first?.answers ?? [];
    const [one, two, ...more] = answers;
    const moved = await test('crafts', [
      { ...first, title: 'moved', answers: [{ ...one }, { ...two, address: '/v1/crafts?limit=2&after=17' }, ...more] },
    ]);
    expect(moved.text).toContain('the address of request 2: expected /v1/crafts?limit=2&after=17');
    expect(moved.text).toContain('after=2');
    expect(moved.code).toBe(1);
    const long = await test('crafts', [{ ...first, title: 'long', answers: [...answers, { body: {} }] }]);
    expect(long.text).toContain('requests: expected 4, found 3');
    const short = await test('crafts', [{ ...first, title: 'short', answers: answers.slice(0, 2) }]);
    expect(short.text).toContain(
      'requests: expected 2, found 3, the last for https://api.example.org/v1/crafts?limit=2&after=3',
    );
    expect(short.text).not.toContain('the error that ends the reading');
  });

  it('compares the error of an answer that the reader refuses', async () => {
    const refused = { answers: [{ status: 403, body: { message: 'not for you' } }] };
    const { code, text } = await test('crafts', [{ title: 'refused', ...refused, error: 'E_SOURCE_INCOMPLETE' }]);
    expect(code).toBe(1);
    expect(text).toContain('expected E_SOURCE_INCOMPLETE, found E_API_REFUSED');
    expect(text).toContain('not for you');
  });

  it('repeats what is transient without a pause, and reads answers from files', async () => {
    const [first] = examplesOf('crafts');
    const [one, ...more] = first?.answers ?? [];
    writeFileSync(join(cwd, 'jobs', 'page.txt'), JSON.stringify(one?.body));
    const unavailable = [{ status: 503 }, { status: 429, headers: { 'Retry-After': '0' } }];
    const answers: Answer[] = [...unavailable, { file: 'page.txt' }, ...more];
    expect(await test('crafts', [{ ...first, title: 'slow', answers }])).toMatchObject({ code: 0 });
  });

  /** The body of an answer of "crafts", as a service changes it. */
  interface Body {
    meta: { total?: unknown; links?: { next?: unknown } };
    data?: { concepts?: unknown };
  }
  const concept = { uri: 'https://example.org/crafts/9', status: 'current' };

  it.each<readonly [change: string, page: number, make: (body: Body) => unknown, words: readonly string[]]>([
    ['a page without its items', 1, ({ meta }) => ({ meta }), ['E_JSON_ITEMS', '(page 2)', 'Correct "items"']],
    ['items that are null', 1, (body) => ({ ...body, data: { concepts: null } }), ['E_JSON_ITEMS', 'found null']],
    ['items by their ids', 0, (body) => ({ ...body, data: { concepts: { a: concept } } }), ['found an object']],
    ['a list without its envelope', 0, () => [concept], ['E_JSON_ITEMS', 'the document is a list of 1']],
    [
      'an item that is null',
      0,
      (body) => ({ ...body, data: { concepts: [null, concept] } }),
      ['E_RECORD_FIELD_MISSING', 'an object to map for /id, found null', 'Correct what the reader selects'],
    ],
    [
      'an item that is an address',
      0,
      (body) => ({ ...body, data: { concepts: ['https://example.org/crafts/1', concept] } }),
      ['E_RECORD_FIELD_MISSING', 'found the text "https://example.org/crafts/1"'],
    ],
    [
      'a total in words',
      0,
      ({ data, meta }) => ({ data, meta: { ...meta, total: 'many' } }),
      ['E_API_ANSWER', '/meta/total, found the text "many"', 'Correct "total"'],
    ],
    [
      'a total in an object',
      0,
      ({ data, meta }) => ({ data, meta: { ...meta, total: { value: 4, relation: 'eq' } } }),
      ['E_API_ANSWER', 'found an object. The number may be at /meta/total/value'],
    ],
    [
      'a total that is too high',
      2,
      ({ data, meta }) => ({ data, meta: { ...meta, total: 40 } }),
      ['requests: expected 3, found 4', 'requested again because', '40'],
    ],
    [
      'a next page that is the same',
      1,
      ({ data }) => ({ data, meta: { total: 4, links: { next: '/v1/crafts?limit=2&after=2' } } }),
      ['E_API_REPEATED', 'Check "paging"'],
    ],
    [
      'a next page in an object',
      0,
      ({ data }) => ({ data, meta: { total: 4, links: { next: { href: '/v1/crafts?limit=2&after=2' } } } }),
      ['E_API_ANSWER', 'found an object', 'Correct "next"'],
    ],
    ['an error with 200', 1, () => ({ error: { message: 'too busy' } }), ['requested again because', 'too busy']],
  ])('ends with a reason and advice after a change of the API: %s', async (_, page, make, words) => {
    const [first] = examplesOf('crafts');
    const answers = (first?.answers ?? []).map((answer, i) =>
      i === page ? { ...answer, body: make(answer.body as Body) } : answer,
    );
    const { code, text } = await test('crafts', [{ ...first, title: 'changed', answers }]);
    expect(code).toBe(1);
    for (const word of words) expect(text).toContain(word);
  });

  it('says that an answer is a page for people, whether it is the first or a later one', async () => {
    const [first] = examplesOf('crafts');
    const [one, , three] = first?.answers ?? [];
    const text = '<!DOCTYPE html><html><body>Please log in</body></html>';
    const page = { text, headers: { 'content-type': 'text/html' } };
    for (const answers of [[page], [page, page, page, page], [one, page, three]] as Answer[][]) {
      const shown = await test('crafts', [{ title: 'a login page', answers }]);
      expect(shown.code).toBe(1);
      expect(shown.text).toContain('it may be a login or an error page');
    }
  });

  it.each<[string, Answer & { stauts?: number }, string]>([
    ['both', { text: 'x', body: {} }, '"body" and "text"'],
    ['a file that is not there', { file: 'none.json' }, 'none.json'],
    ['a misspelt key', { stauts: 200 }, 'did you mean "status"'],
  ])('refuses an answer with %s', async (_, answer, words) => {
    const { code, text } = await test('crafts', [{ title: 'x', answers: [answer] }]);
    expect(text).toContain(words);
    expect(code).toBe(2);
  });

  it('refuses answers for a source that is downloaded', async () => {
    const readers = [{ type: 'http', args: { origin: 'https://example.org/a.jsonl' } }, { type: 'jsonl' }];
    const job = { id: 'files', title: 'Files', readers, writers: [{ type: 'postgres', args: { table: 'files' } }] };
    writeFileSync(join(cwd, 'jobs', 'files.json'), JSON.stringify(job));
    const { code, text } = await test('files', [{ title: 'x', answers: [{ text: '{"id":"a"}' }] }]);
    expect(text).toContain('"file" or "text"');
    expect(code).toBe(2);
  });
});

describe('a sample job on a server', () => {
  /** The records that `preview` shows of a job whose addresses lead to this server, by their ids. */
  async function preview(name: string, url: string): Promise<Value[]> {
    const cwd = tempDir();
    const job = readFileSync(join(SAMPLES, `${name}.json`), 'utf8').replace(
      /https:\/\/(?:api|login)\.example\.org/g,
      url,
    );
    const path = join(cwd, `${name}.json`);
    writeFileSync(path, job);
    const env = { HABITATS_SECRET: 'the-secret-of-the-test' };
    const { stdout, stderr } = await runWords(['preview', path], { cwd, env });
    const shown = stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(shown.length, stderr).toBeGreaterThan(0);
    expect(stdout + stderr).not.toContain('the-secret-of-the-test');
    const records = shown.map((line) => (JSON.parse(line) as { record?: Value }).record);
    return records
      .filter((record) => record !== undefined)
      .toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
  }

  const bodiesOf = (example: Example | undefined, from = 0): Value[] =>
    (example?.answers ?? []).slice(from).map(({ body }) => body as Value);

  it('with pages in an envelope gives the records of its example, through errors and cut answers', async () => {
    const [first] = examplesOf('crafts');
    const pages = new Map((first?.answers ?? []).map(({ address, body }) => [address, body]));
    const shape: ApiShape = ({ url, base }) => {
      const body = JSON.stringify(pages.get(`${url.pathname}${url.search}`));
      return { value: JSON.parse(body.replaceAll('https://api.example.org', base)) as unknown };
    };
    const server = await startApi(shape);
    server.faults.push({ kind: 'html' }, undefined, { kind: 'truncated' }, undefined, { kind: 'cut' });
    expect(await preview('crafts', server.url)).toEqual(first?.expected);
    expect(server.pages()).toEqual([...pages.keys()]);
  }, 20_000);

  it('with a token reads again what changed, with a new token after a 401', async () => {
    const [first] = examplesOf('habitats');
    const after = bodiesOf(first, 3).flatMap(({ items }) => items as Value[]);
    const before = after.filter(({ code }) => code !== 'A1.5');
    let list = before;
    let tokens = 0;
    const shape: ApiShape = ({ url }) => {
      if (url.pathname === '/oauth/token')
        return { value: { access_token: `token-${String(++tokens)}`, expires_in: 3600 } };
      const [limit, offset] = ['limit', 'offset'].map((name) => Number(url.searchParams.get(name)));
      return { value: { total: list.length, items: list.slice(offset, (offset ?? 0) + (limit ?? 0)) } };
    };
    const server = await startApi(shape);
    const insert = (): void => {
      list = after;
    };
    // The token, the first page, an insert before the second page, a token that is no longer accepted for the third.
    server.faults.push(undefined, undefined, { kind: 'before', run: insert }, { kind: 'status', status: 401 });
    expect(await preview('habitats', server.url)).toEqual(first?.expected);
    const sent = server.requests
      .filter(({ path }) => path.startsWith('/habitats'))
      .map(
        ({ path, headers }) =>
          `${path.replace(/.*offset=/, '')} ${headers.authorization?.replace('Bearer ', '') ?? ''}`,
      );
    expect(sent).toEqual(['0 token-1', '2 token-1', '4 token-1', '4 token-2', '0 token-3', '2 token-3', '4 token-3']);
  });
});
