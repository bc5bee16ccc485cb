import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { httpApi } from '../../readers/http-api.ts';
import type { Since } from '../../src/component/reader.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import {
  apiItems,
  crossref,
  dspace,
  invenio,
  listPages,
  mediaWiki,
  offsets,
  openAlex,
  searches,
  type ApiFault,
  type ApiItem,
  type ApiServer,
  type ApiShape,
} from '../support/api-server.ts';
import {
  fetchContext,
  fetchPages,
  idsOf,
  itemsOf,
  locate,
  numbers,
  offsetArgs,
  pageArgs,
  startApi,
  type Args,
} from '../support/api-reader.ts';
import { bytesResource, errorOf, outline, readRecords } from '../support/read-resource.ts';

interface Service {
  readonly name: string;
  readonly shape: () => ApiShape;
  readonly args: Args;
  /** The first record. */
  readonly record: object;
  readonly paths: readonly string[];
}

/** The args of the example in docs/paged-apis.md that asks this host, with small pages. */
function documented(host: string): Args {
  const page = readFileSync(join(findPackageRoot(), 'docs', 'paged-apis.md'), 'utf8');
  const jobs = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(
    ([, text = '']) => JSON.parse(text) as { readers?: { args: Args }[] },
  );
  const args = jobs
    .flatMap(({ readers = [] }) => readers)
    .find(({ args: { origin } }) => new URL(String(origin)).host === host)?.args;
  if (args === undefined) throw new Error(`docs/paged-apis.md has no example for ${host}`);
  const headers = args['headers'] === undefined ? {} : { headers: { Authorization: 'Bearer of-the-test' } };
  return { ...args, ...headers, page_size: { ...(args['page_size'] as object), size: 10 } };
}

/** Crossref's cursor stays the same while the server moves on. */
const CURSOR_OF_SERVER = /DnF1ZXJ5/;
const CURSOR = 'DnF1ZXJ5VGhlbkZldGNoBgAAAAA%3D';

const SERVICES: readonly Service[] = [
  {
    name: 'OpenAlex',
    shape: () => openAlex,
    args: documented('api.openalex.org'),
    record: { id: 'https://openalex.org/id-0', display_name: 'Näme 0' },
    paths: ['*', 'WzEwXQ%3D%3D', 'WzIwXQ%3D%3D', 'WzI1XQ%3D%3D'].map(
      (cursor) => `/institutions?filter=country_code%3ACH&mailto=ops%40example.org&per-page=10&cursor=${cursor}`,
    ),
  },
  {
    name: 'Crossref funders, by a cursor',
    shape: crossref,
    args: documented('api.crossref.org'),
    record: { id: 'id-0', name: 'Näme 0', uri: 'http://dx.doi.org/10.13039/id-0' },
    paths: ['*', CURSOR, CURSOR, CURSOR].map((cursor) => `/funders?mailto=ops%40example.org&rows=10&cursor=${cursor}`),
  },
  {
    name: 'Crossref funders, by an offset',
    shape: crossref,
    args: { ...documented('api.crossref.org'), paging: { type: 'offset', parameter: 'offset' } },
    record: { id: 'id-0', name: 'Näme 0' },
    paths: ['0', '10', '20'].map((offset) => `/funders?mailto=ops%40example.org&rows=10&offset=${offset}`),
  },
  {
    name: 'Wikidata',
    shape: () => mediaWiki,
    args: documented('www.wikidata.org'),
    record: { title: 'Property:id-0', ns: 120 },
    paths: [
      '',
      '&apcontinue=P10&continue=-%7C%7C',
      '&apcontinue=P11&continue=-%7C%7C',
      '&apcontinue=P21&continue=-%7C%7C',
    ].map((rest) => `/w/api.php?action=query&format=json&list=allpages&apnamespace=120&aplimit=10${rest}`),
  },
  {
    name: 'DSpace',
    shape: () => dspace,
    args: documented('dspace.example.org'),
    record: { uuid: 'id-0', handle: '1/id-0' },
    paths: ['?size=10', '?page=1&size=10', '?page=2&size=10'].map((rest) => `/server/api/core/communities${rest}`),
  },
  {
    name: 'InvenioRDM',
    shape: () => invenio,
    args: documented('repository.example.org'),
    record: { id: 'id-0', title: { en: 'Näme 0' } },
    paths: ['?sort=name&size=10', '?page=2&size=10&sort=name', '?page=3&size=10&sort=name'].map(
      (rest) => `/api/affiliations${rest}`,
    ),
  },
];

/** The args with the server of a test in place of the service. */
function onServer({ url }: ApiServer, args: Args): Args {
  return { ...args, origin: `${url}${new URL(String(args['origin'])).pathname}` };
}

describe.each(SERVICES)('http-api reads $name', ({ shape, args: own, record, paths }) => {
  it('page by page, to its last record', async () => {
    const server = await startApi(shape());
    const args = onServer(server, own);
    const items = await itemsOf(await fetchPages(args), args);
    expect(items.map(({ position }) => position)).toEqual([...numbers(25).keys()]);
    expect(items[0]).toMatchObject({ value: record });
    expect(server.requests.map((request) => request.path)).toEqual(paths);
    expect(server.pages()).toEqual(paths);
  });
});

describe.each(SERVICES.filter(({ name }) => /OpenAlex|cursor|DSpace/.test(name)))(
  'http-api reads the same of $name',
  ({ shape, args: own, paths }) => {
    const faults: readonly (readonly [string, ApiFault])[] = [
      ['throttled', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
      ['down for a moment', { kind: 'status', status: 503 }],
      ['cut', { kind: 'cut' }],
      ['cut off without a sign', { kind: 'truncated' }],
      ['HTML', { kind: 'html' }],
    ];
    it.each(faults)('where each page is %s first', async (_, fault) => {
      const server = await startApi(shape());
      const args = onServer(server, own);
      for (const _page of paths) server.faults.push(fault, undefined);
      expect((await itemsOf(await fetchPages(args), args)).length).toBe(25);
      // Such a cursor moves on with each answer that was sent, received or not: the total shows it, and all is read again.
      const isLossy = CURSOR_OF_SERVER.test(paths[1] ?? '') && ['cut', 'truncated'].includes(fault.kind);
      if (!isLossy) expect(server.pages()).toEqual(paths);
    });
  },
);

describe('an http-api whose reading was stopped', () => {
  it.each([0, 1, 2])('resumes with page %i, and asks for no page twice', async (page) => {
    const server = await startApi(offsets);
    const expected = await fetchPages(offsetArgs(server));
    server.requests.length = 0;
    const context = fetchContext();
    const version = await locate(offsetArgs(server), context);
    server.faults.push(...Array.from({ length: page }, () => undefined), {
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '90' },
    });
    const error = await errorOf(fetchPages(offsetArgs(server), context, version));
    expect(error).toMatchObject({ code: 'E_SOURCE_RATE_LIMITED', retryAfter: 90_000 });
    const file = await fetchPages(offsetArgs(server), context, version);
    expect(server.pages()).toEqual(['0', '10', '20'].map((offset) => `/things?limit=10&offset=${offset}`));
    expect(file.digest).toBe(expected.digest);
    expect(await fetchPages(offsetArgs(server), context, version)).toEqual(file);
    expect(server.pages()).toHaveLength(3);
  });

  it('has the same digest however the items are paged, and another one for other items', async () => {
    const server = await startApi(offsets);
    const first = await fetchPages(offsetArgs(server));
    const size = { page_size: { parameter: 'limit', size: 7 } };
    expect((await fetchPages(offsetArgs(server, size))).digest).toBe(first.digest);
    server.items = apiItems(24);
    expect((await fetchPages(offsetArgs(server))).digest).not.toBe(first.digest);
  });

  it('begins to read in the middle, too', async () => {
    const server = await startApi(offsets);
    const args = offsetArgs(server);
    const file = await fetchPages(args);
    const all = await itemsOf(file, args);
    for (const from of [1, 9, 10, 14, 24, 25, 26]) {
      const rest = await itemsOf(file, args, from);
      expect(rest.filter(({ position }) => position >= from)).toEqual(all.slice(from));
    }
  });
});

describe('pages of an http-api', () => {
  it('are numbered, and end with an empty one where there is no total', async () => {
    const server = await startApi(listPages);
    expect(await idsOf(await fetchPages(pageArgs(server)), pageArgs(server))).toEqual(numbers(25));
    expect(server.pages().map((path) => path.replace('/things?size=10&', ''))).toEqual(
      [1, 2, 3, 4].map((n) => `page=${String(n)}`),
    );
  });

  it('are found by the header Link', async () => {
    const server = await startApi(listPages);
    const args = pageArgs(server, { paging: { type: 'link_header' } });
    expect(await idsOf(await fetchPages(args), args)).toEqual(numbers(25));
    expect(server.pages()).toHaveLength(3);
  });

  it('are asked for by POST, with their places in the body', async () => {
    const server = await startApi(searches);
    const args = {
      origin: `${server.url}/search`,
      method: 'POST',
      body: { filter: { kind: 'term' }, paging: { sort: 'id' } },
      items: '/records',
      total: '/found',
      paging: { type: 'offset', parameter: '/paging/from' },
      page_size: { parameter: '/paging/size', size: 10 },
      since: { parameter: '/filter/changed', format: 'time' },
    };
    const since: Since = { time: new Date('2026-01-02T03:04:05Z'), origin: 'manual' };
    const context = fetchContext({ since });
    expect(await idsOf(await fetchPages(args, context), args)).toEqual(numbers(25));
    expect(server.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual(
      [0, 10, 20].map((from) => ({
        filter: { kind: 'term', changed: '2026-01-02T03:04:05Z' },
        paging: { sort: 'id', size: 10, from },
      })),
    );
    expect(server.requests[0]?.headers['content-type']).toBe('application/json');
  });

  it('may be empty in between, packed, and end with 204', async () => {
    const server = await startApi(offsets);
    const args = offsetArgs(server, {
      paging: { type: 'next_link', next: '/next' },
      page_size: undefined,
      total: undefined,
    });
    const page = (items: readonly ApiItem[], next?: string): ApiFault => ({
      kind: 'json',
      value: { data: { items }, ...(next === undefined ? {} : { next }) },
    });
    server.faults.push(page(apiItems(2), '/things?a=1'), page([], '?a=2'), page([], '?a=3'), {
      kind: 'status',
      status: 204,
    });
    expect(await idsOf(await fetchPages(args), args)).toEqual(numbers(2));
    expect(server.requests.map(({ path }) => path)).toEqual(['/things', '/things?a=1', '/things?a=2', '/things?a=3']);
    server.faults.push({ kind: 'gzip' }, { kind: 'gzip' }, { kind: 'gzip' });
    expect(await idsOf(await fetchPages(offsetArgs(server)), offsetArgs(server))).toEqual(numbers(25));
  });

  it('keep numbers that a double cannot hold, and lose one broken record alone', async () => {
    const server = await startApi(offsets);
    const args = offsetArgs(server, { total: undefined, paging: { type: 'none' } });
    const body = '{"data":{"items":[{"id":12345678901234567890},{"id":oops},{"id":3}]}}';
    server.faults.push({ kind: 'status', status: 200, body });
    expect(outline(await itemsOf(await fetchPages(args), args))).toEqual([
      { id: '12345678901234567890' },
      '1:E_RECORD_SYNTAX',
      { id: 3 },
    ]);
  });

  it('are split into the lists that their items hold', async () => {
    const server = await startApi(offsets);
    const args = offsetArgs(server, {
      total: undefined,
      paging: { type: 'none' },
      split: { list: '/terms', parent: 'scheme' },
    });
    const items = [
      { id: 1, terms: [{ t: 'a' }, { t: 'b' }] },
      { id: 2, terms: [{ t: 'c' }] },
    ];
    server.faults.push({ kind: 'json', value: { data: { items } } });
    const file = await fetchPages(args);
    const all = await itemsOf(file, args);
    expect(all).toEqual([
      { position: 0, value: { t: 'a', scheme: { id: 1 } } },
      { position: 1, value: { t: 'b', scheme: { id: 1 } } },
      { position: 2, value: { t: 'c', scheme: { id: 2 } } },
    ]);
    expect(await itemsOf(file, args, 2)).toEqual(all.slice(2));
  });

  it('of a saved answer are read without the service', async () => {
    const args = offsetArgs({ url: 'http://unused.example' } as ApiServer);
    const saved = bytesResource(JSON.stringify({ total: 7, data: { items: apiItems(2) } }));
    expect(outline(await readRecords(httpApi, saved, args))).toEqual(apiItems(2));
  });
});

describe('a size of pages that the server refuses', () => {
  it.each([
    ['OpenAlex, 403', SERVICES[0], 800, 4],
    ['Crossref, 400', SERVICES[2], 4000, 3],
  ])('is halved until it is accepted: %s', async (_, service, size, requests) => {
    if (service === undefined) throw new Error('one is missing');
    const server = await startApi(service.shape());
    const pageSize = service.args['page_size'] as object;
    const args = { ...onServer(server, service.args), page_size: { ...pageSize, size } };
    expect((await itemsOf(await fetchPages(args), args)).length).toBe(25);
    expect(server.requests).toHaveLength(requests);
  });

  it('is halved in the middle of numbered pages without a gap', async () => {
    const server = await startApi(listPages, apiItems(36));
    const args = pageArgs(server, { page_size: { parameter: 'size', size: 12 } });
    server.faults.push(undefined, { kind: 'status', status: 413 });
    expect(await idsOf(await fetchPages(args), args)).toEqual(numbers(36));
    expect(server.pages().slice(0, 2)).toEqual(['/things?size=12&page=1', '/things?size=6&page=3']);
  });

  it('ends with what the server said where no size helps', async () => {
    const server = await startApi(offsets);
    server.faults.push(
      ...Array.from({ length: 9 }, (): ApiFault => ({
        kind: 'status',
        status: 400,
        body: '{"message":"limit is forbidden"}',
      })),
    );
    const error = await errorOf(fetchPages(offsetArgs(server)));
    expect(error).toMatchObject({
      code: 'E_API_REFUSED',
      message: expect.stringContaining('limit is forbidden') as string,
    });
    expect(server.requests).toHaveLength(4);
  });
});
