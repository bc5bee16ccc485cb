/** Lists that change while they are read, answers that are no page, and lists without an end. */
import { describe, expect, it } from 'vitest';
import { apiItems, dspace, listPages, offsets, type ApiFault, type ApiServer } from '../support/api-server.ts';
import {
  fetchContext,
  fetchPages,
  idsOf,
  itemsOf,
  numbers,
  offsetArgs,
  pageArgs,
  startApi,
} from '../support/api-reader.ts';
import { errorOf } from '../support/read-resource.ts';

describe('a list that changes while it is read', () => {
  const insert = (server: ApiServer): ApiFault => ({
    kind: 'before',
    run: () => {
      server.items = [{ id: 'new', name: 'New' }, ...server.items];
    },
  });
  const remove = (server: ApiServer): ApiFault => ({
    kind: 'before',
    run: () => {
      server.items = server.items.slice(1);
    },
  });

  it.each([
    ['an insert', insert, ['new', ...numbers(25)]],
    ['a delete', remove, numbers(25).slice(1)],
  ])('is noticed and read again: %s', async (_, change, expected) => {
    const server = await startApi(offsets);
    server.faults.push(undefined, change(server));
    expect(await idsOf(await fetchPages(offsetArgs(server)), offsetArgs(server))).toEqual(expected);
    expect(server.pages()).toHaveLength(6);
  });

  it.each([
    ['an insert, by its ids', insert, { total: undefined }, '1 id came twice'],
    ['an insert, by whole items', insert, { total: undefined, id: undefined }, '1 item came twice'],
    ['an insert, by its total', insert, {}, 'from 25 to 26'],
    ['a delete, by its total', remove, {}, '24'],
  ])('ends a run that reads once: %s', async (_, change, args, words) => {
    const server = await startApi(offsets);
    server.faults.push(undefined, change(server));
    const error = await errorOf(fetchPages(offsetArgs(server, { ...args, on_shift: 'fail' })));
    expect(error.code).toBe('E_SOURCE_INCOMPLETE');
    expect(error.message).toContain(words);
  });

  it('ends a run that never reads it whole', async () => {
    const server = await startApi(offsets);
    for (let i = 0; i < 4; i++) server.faults.push(undefined, insert(server), undefined);
    const error = await errorOf(fetchPages(offsetArgs(server)));
    expect(error).toMatchObject({
      code: 'E_SOURCE_INCOMPLETE',
      message: expect.stringContaining('3 readings') as string,
    });
  });

  it('is published where the job accepts it, with a record that keeps anything from being withdrawn', async () => {
    const server = await startApi(offsets);
    server.faults.push(undefined, remove(server));
    const args = offsetArgs(server, { on_shift: 'accept' });
    const context = fetchContext();
    const file = await fetchPages(args, context);
    expect(context.warnings).toMatchObject([{ code: 'W_API_SHIFTED' }]);
    const items = await itemsOf(file, args);
    expect(items.at(-1)).toMatchObject({ position: 24, error: { code: 'E_RECORD_UNAVAILABLE' } });
    expect(await itemsOf(file, args, 24)).toHaveLength(1);
    expect(await itemsOf(file, args, 25)).toEqual([]);
    expect((await fetchPages(args)).digest).not.toBe(file.digest);
  });

  it('is not taken for one where two readings are equal', async () => {
    const items = [...apiItems(12), ...apiItems(3)];
    const server = await startApi(offsets, items);
    const context = fetchContext();
    const file = await fetchPages(offsetArgs(server), context);
    expect(await idsOf(file, offsetArgs(server))).toEqual(items.map(({ id }) => id));
    expect(context.warnings).toMatchObject([
      { code: 'W_API_TWICE', message: expect.stringContaining('3 of 15') as string },
    ]);
  });

  it('is not whole where its total is another one, unless that is an estimate', async () => {
    const server = await startApi((asked) => {
      const { value } = offsets(asked);
      return { value: { ...(value as object), total: 40 } };
    });
    const error = await errorOf(fetchPages(offsetArgs(server, { on_shift: 'fail' })));
    expect(error).toMatchObject({ code: 'E_SOURCE_INCOMPLETE', details: { count: 25, total: 40 } });
    const args = offsetArgs(server, { total_is: 'estimate' });
    expect(await idsOf(await fetchPages(args), args)).toEqual(numbers(25));
  });

  it('cannot be noticed by an id that no item has, which is a warning', async () => {
    const server = await startApi(offsets);
    const context = fetchContext();
    await fetchPages(offsetArgs(server, { id: '/identifier' }), context);
    expect(context.warnings).toMatchObject([
      { code: 'W_API_NO_ID', message: expect.stringContaining('/identifier') as string },
    ]);
  });
});

describe('an answer that is no page', () => {
  it.each([
    [
      'an error in 200',
      { kind: 'json', value: { error: { code: 'badvalue', info: 'Unrecognized value' } } },
      'E_SOURCE_UNEXPECTED',
      'Unrecognized value',
    ],
    ['no list', { kind: 'json', value: { total: 3, data: { itmes: [] } } }, 'E_JSON_ITEMS', 'itmes'],
    [
      'another thing than a list',
      { kind: 'json', value: { total: 3, data: { items: {} } } },
      'E_JSON_ITEMS',
      'an object',
    ],
    ['no total', { kind: 'json', value: { data: { items: [] } } }, 'E_API_ANSWER', '/total'],
    [
      'a part, as it says itself',
      { kind: 'json', value: { timed_out: true, total: 0, data: { items: [] } } },
      'E_SOURCE_INCOMPLETE',
      'timed_out',
    ],
    ['401', { kind: 'status', status: 401, body: 'who are you' }, 'E_API_REFUSED', 'who are you'],
    ['404', { kind: 'status', status: 404 }, 'E_SOURCE_NOT_FOUND', '404'],
    ['broken JSON', { kind: 'status', status: 200, body: '{"total" 3}' }, 'E_JSON_STRUCTURE', 'byte'],
  ] satisfies [string, ApiFault, string, string][])('is an error: %s', async (_, fault, code, words) => {
    const server = await startApi(offsets);
    server.faults.push(fault, fault, fault, fault);
    const error = await errorOf(fetchPages(offsetArgs(server)));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('is accepted if its error member is empty, or if JSON is served with the media type of HTML', async () => {
    const server = await startApi(offsets);
    const args = offsetArgs(server, { total: undefined, paging: { type: 'none' } });
    const data = { items: apiItems(2) };
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    for (const error of [null, '', [], {}, { code: 0, message: '' }, false]) {
      server.faults.push({ kind: 'json', value: { error, errors: error, data }, headers });
      expect(await idsOf(await fetchPages(args), args)).toEqual(numbers(2));
    }
  });

  it('is waited for as long as it asks, also with 200', async () => {
    const server = await startApi(offsets);
    server.faults.push({ kind: 'json', value: { error: { code: 'maxlag' } }, headers: { 'retry-after': '0' } });
    expect(await idsOf(await fetchPages(offsetArgs(server)), offsetArgs(server))).toEqual(numbers(25));
    expect(server.requests).toHaveLength(4);
  });

  it('after a good page is tried again by the run, and before it ends the run', async () => {
    const server = await startApi(offsets);
    const html = Array.from({ length: 4 }, (): ApiFault => ({ kind: 'html' }));
    server.faults.push(undefined, ...html);
    expect(await errorOf(fetchPages(offsetArgs(server)))).toMatchObject({
      kind: 'unavailable',
      code: 'E_SOURCE_UNAVAILABLE',
    });
    server.faults.push(...html);
    expect(await errorOf(fetchPages(offsetArgs(server)))).toMatchObject({ code: 'E_SOURCE_UNEXPECTED' });
  }, 20_000);

  it('says that "next" leads to something else than an address', async () => {
    const server = await startApi(dspace);
    const args = {
      origin: `${server.url}/communities`,
      items: '/_embedded/communities',
      paging: { type: 'next_link', next: '/_links/next' },
    };
    expect(await errorOf(fetchPages(args))).toMatchObject({
      code: 'E_API_ANSWER',
      details: { pointer: '/_links/next' },
    });
  });

  it('with a Link to a next page is not everything', async () => {
    const server = await startApi(listPages);
    const error = await errorOf(fetchPages(pageArgs(server, { paging: { type: 'none' } })));
    expect(error).toMatchObject({
      code: 'E_SOURCE_INCOMPLETE',
      message: expect.stringContaining('link_header') as string,
    });
  });
});

describe('a list that does not end', () => {
  it('is noticed where the parameter of the page is not known', async () => {
    const server = await startApi(listPages);
    const error = await errorOf(fetchPages(pageArgs(server, { paging: { type: 'page', parameter: 'seite' } })));
    expect(error.code).toBe('E_API_REPEATED');
    expect(server.requests).toHaveLength(2);
  });

  it('is noticed where links lead in a circle', async () => {
    const server = await startApi(offsets);
    const args = offsetArgs(server, { total: undefined, paging: { type: 'next_link', next: '/next' } });
    for (const [id, next] of [
      ['a', '?n=1'],
      ['b', '?n=2'],
      ['c', '?n=1'],
    ] as const) {
      server.faults.push({ kind: 'json', value: { data: { items: [{ id }] }, next } });
    }
    expect(await errorOf(fetchPages(args))).toMatchObject({ code: 'E_API_REPEATED' });
    expect(server.requests).toHaveLength(3);
  });

  it('is ended by max_pages', async () => {
    const server = await startApi(offsets);
    expect(await errorOf(fetchPages(offsetArgs(server, { max_pages: 2 })))).toMatchObject({
      code: 'E_SOURCE_TOO_LARGE',
    });
    expect(server.requests).toHaveLength(2);
  });

  it('is ended by empty pages without an end', async () => {
    let n = 0;
    const server = await startApi(() => ({ value: { data: { items: [] }, next: `?n=${String(n++)}` } }));
    const args = offsetArgs(server, { total: undefined, paging: { type: 'next_link', next: '/next' } });
    expect(await errorOf(fetchPages(args))).toMatchObject({ code: 'E_SOURCE_INCOMPLETE' });
    expect(server.requests.length).toBeLessThan(50);
  });
});
