/** An InvenioRDM that is busy, broken, forbidden, or none. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VocabSyncError } from '../../../src/errors.ts';
import { invenioRdm } from '../../../writers/invenio-rdm.ts';
import { noS3 } from '../../support/no-services.ts';
import { startInvenioServer, type InvenioFault, type InvenioServer } from '../../support/invenio-server.ts';
import { createRandom } from '../../fuzz/create-random.ts';
import { api, change, openInvenioBench } from './open-invenio-bench.ts';

let server: InvenioServer;
beforeAll(async () => {
  server = await startInvenioServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.forget();
});

const record = (id: string) => ({ id, name: `name of ${id}` });
const errorOf = (work: Promise<unknown>): Promise<VocabSyncError> =>
  work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown as VocabSyncError,
  );
/** Strikes requests that write this record. */
const strike = (id: string, fault: InvenioFault): void => {
  server.fault = ({ method, path, body }) =>
    method !== 'GET' && (path.endsWith(`/${id}`) || JSON.stringify(body).includes(`"${id}"`)) ? fault : undefined;
};
const preflight = (args: object): Promise<void> =>
  invenioRdm.preflight?.(
    invenioRdm.args.parse({ url: server.url, token: server.token, vocabulary: 'affiliations', ...args }),
    { job: 'job-a', api, buckets: noS3.target, signal: new AbortController().signal },
  ) ?? Promise.resolve();

describe('before a run', () => {
  it('nothing is written, and what is right passes', async () => {
    await preflight({});
    await preflight({ vocabulary: 'languages' });
    expect(server.ids('affiliations')).toEqual([]);
    expect(server.written()).toEqual([]);
  });

  it('a token that may not write is refused, with what to do', async () => {
    const error = await errorOf(preflight({ token: 'token-of-somebody' }));
    expect([error.code, error.kind]).toEqual(['E_TARGET_FORBIDDEN', 'config']);
    expect(error.message).toContain('"Permission denied."');
    expect(error.message).toContain('invenio access allow');
    expect(error.message).not.toContain('token-of-somebody');
  });

  it('an address that is not of an InvenioRDM is refused', async () => {
    server.fault = () => ({ status: 200, body: '<html><title>Log in</title></html>' });
    const error = await errorOf(preflight({}));
    expect([error.code, error.kind]).toEqual(['E_TARGET_FORBIDDEN', 'config']);
    expect(error.message).toContain('Log in');
    server.fault = () => ({ status: 404, body: 'Not Found' });
    expect((await errorOf(preflight({}))).code).toBe('E_TARGET_FORBIDDEN');
    server.fault = () => ({ status: 503, body: 'Back soon' });
    expect((await errorOf(preflight({}))).code).toBe('E_TARGET_UNAVAILABLE');
  });

  it.each([
    [{ url: 'ftp://x/api' }, 'url'],
    [{ vocabulary: 'affiliations/x' }, 'vocabulary'],
    [{ withdrawal: { type: 'delete', tag: 'x' } }, 'withdrawal'],
  ])('args %j are refused', (args, member) => {
    const given = { url: server.url, token: 't', vocabulary: 'affiliations', ...args };
    expect(invenioRdm.args.safeParse(given).error?.issues[0]?.path[0]).toBe(member);
  });
});

describe('an answer', () => {
  it('of 500 to one record for ever is tried again, and the others are done', async () => {
    const { send } = await openInvenioBench(server);
    strike('b', { status: 500, body: '{"message":"The server encountered an internal error.","status":500}' });
    const results = await send(...['a', 'b', 'c'].map((id) => change('insert', record(id))));
    expect(results).toMatchObject([{ result: 'done' }, { result: 'again' }, { result: 'done' }]);
  });

  it('of 413 or 422 rejects the record with its words', async () => {
    const { send } = await openInvenioBench(server);
    strike('a', { status: 413, body: '<h1>Request Entity Too Large</h1>' });
    expect(await send(change('insert', record('a')))).toMatchObject([
      { result: 'rejected', code: 'E_TARGET_REFUSED', message: expect.stringContaining('Request Entity Too Large') },
    ]);
  });

  it('of 403 in the middle ends the publication, and keeps the answers before it', async () => {
    const { send } = await openInvenioBench(server);
    strike('b', { status: 403, body: '{"message":"Permission denied.","status":403}' });
    const changes = ['a', 'b', 'c'].map((id) => change('insert', record(id)));
    expect(await send(...changes)).toMatchObject([{ result: 'done' }, { result: 'again' }, { result: 'again' }]);
    expect((await errorOf(send(...changes.slice(1)))).code).toBe('E_TARGET_FORBIDDEN');
  });

  it('that never comes leaves the record to be looked up, and sends no more of the batch', async () => {
    const { send } = await openInvenioBench(server);
    strike('b', 'cut-after');
    const results = await send(...['a', 'b', 'c'].map((id) => change('insert', record(id))));
    expect(results.map(({ result }) => result)).toEqual(['done', 'again', 'again']);
    expect(server.ids('affiliations')).toEqual(['a', 'b']);
  });

  it('of a redirect is an error, and the token does not follow', async () => {
    strike('a', { status: 302, body: '', headers: { location: 'http://127.0.0.1:9/elsewhere' } });
    const { send } = await openInvenioBench(server);
    expect((await errorOf(send(change('insert', record('a'))))).code).toBe('E_TARGET_FORBIDDEN');
  });
});

describe('the rate limit', () => {
  it('is kept: the writer waits when the budget is nearly used up, and no record is to blame', async () => {
    const { send } = await openInvenioBench(server);
    server.budget = { left: 20, size: 20, resetSeconds: 1 };
    const started = Date.now();
    const results = await send(...Array.from({ length: 30 }, (_, i) => change('insert', record(`r${String(i)}`))));
    expect(results.every(({ result }) => result === 'done')).toBe(true);
    expect(Date.now() - started).toBeGreaterThan(900);
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(31);
  });

  it('that is used up by others is waited for', async () => {
    const { send } = await openInvenioBench(server);
    server.budget = { left: 0, size: 100, resetSeconds: 1 };
    const budget = server.budget;
    setTimeout(() => {
      budget.left = 100;
    }, 900);
    expect(await send(change('insert', record('a')))).toMatchObject([{ result: 'done' }]);
  });

  it('that takes long is left to the engine', async () => {
    const { send } = await openInvenioBench(server);
    strike('a', {
      status: 429,
      body: '{"message":"25000 per 1 hour","status":429}',
      headers: { 'retry-after': '1800' },
    });
    const [result] = await send(change('insert', record('a')));
    expect(result).toMatchObject({ result: 'again' });
    expect((result as { after: number }).after).toBeGreaterThan(1_790_000);
  });
});

describe('reading', () => {
  it.each(['in order of id', 'from ten files', 'in any order'])(
    'gives records that were stored %s, each once and in order, with few requests',
    async (order) => {
      const ids = Array.from({ length: 6500 }, (_, i) => `id "${String(i * 7).padStart(6, '0')}"`);
      const random = createRandom(1);
      const rank = new Map(ids.map((id, i) => [id, order === 'in order of id' ? i : random(1_000_000)]));
      // Several processes load batches of a sorted file side by side.
      if (order === 'from ten files')
        for (const [i, id] of ids.entries())
          rank.set(id, Math.floor(i / 1000) * 1000 + (i % 100) * 10 + (Math.floor(i / 100) % 10));
      for (const id of ids.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0)))
        server.edit('affiliations', record(id));
      const { sink } = await openInvenioBench(server);
      const listed: string[] = [];
      for await (const some of sink.list?.(ids[99]) ?? []) listed.push(...some.map(({ id }) => id));
      expect(listed).toEqual(ids.slice(100));
      expect(server.requests.filter(({ method }) => method === 'GET').length).toBeLessThan(35);
    },
  );

  it('finds a person with a slash in the id, who cannot be read by address', async () => {
    server.edit('names', record('10.13039/1'));
    const { sink } = await openInvenioBench(server, { vocabulary: 'names' });
    expect([...((await sink.look?.(['10.13039/1', '10.13039/2'])) ?? new Map()).keys()]).toEqual(['10.13039/1']);
  });

  it('finds such people also if search shows them a second later, and waits once', async () => {
    const ids = ['10.13039/1', '10.13039/2', '10.13039/3'];
    for (const id of ids) server.edit('names', record(id));
    for (const id of ids) server.unindexed.add(id);
    const { sink } = await openInvenioBench(server, { vocabulary: 'names' });
    const looked = sink.look?.([...ids, '10.13039/never']);
    setTimeout(() => {
      server.unindexed.clear();
    }, 1000);
    expect([...((await looked) ?? new Map()).keys()].toSorted()).toEqual(ids);
    // One for each, and one for all.
    const searches = server.requests.filter(({ path }) => path.includes('/names?'));
    expect(searches).toHaveLength(ids.length + 2);
  });
});
