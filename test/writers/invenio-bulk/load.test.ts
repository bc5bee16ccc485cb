/** What the bulk job of an InvenioRDM loses is found and sent, and nothing that it holds is overwritten by it. */
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangesSink } from '../../../src/component/writer.ts';
import type { Change, ChangeResult } from '../../../src/records/change.ts';
import type { Document } from '../../../src/records/document.ts';
import { invenioBulk } from '../../../writers/invenio-bulk.ts';
import { startInvenioServer, type InvenioServer } from '../../support/invenio-server.ts';
import { noS3 } from '../../support/no-services.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { api, change } from '../invenio-rdm/open-invenio-bench.ts';

let server: InvenioServer;
const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-bulk-'));
const sinks: ChangesSink[] = [];
beforeAll(async () => {
  server = await startInvenioServer();
});
afterAll(async () => {
  for (const sink of sinks) await sink.close();
  await server.close();
});
beforeEach(() => {
  server.forget();
});

const argsOf = (more: object = {}) =>
  invenioBulk.args.parse({
    ...{ url: server.url, token: server.token, vocabulary: 'affiliations', directory },
    ...{ batch_size: 10, least_records: 20, patience_seconds: 0, ...more },
  });
const open = async (more: object = {}, signal = new AbortController().signal): Promise<ChangesSink> => {
  const context = { run: 'run-1', job: 'job-a', task: 'main', api, logger: silentLogger() };
  const sink = await invenioBulk.open(argsOf(more), { ...context, signal, turn: () => Promise.resolve() });
  sinks.push(sink);
  return sink;
};
const recordOf = (i: number, more: object = {}): Document => ({
  ...{ id: `r${String(i).padStart(3, '0')}`, name: `Name ${String(i)}` },
  ...more,
});
const inserts = (count: number): Change[] => Array.from({ length: count }, (_, i) => change('insert', recordOf(i)));
const outcomes = (results: readonly ChangeResult[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { result } of results) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
};
/** Requests that wrote single records. */
const singles = (): string[] => server.written();

describe('many new records', () => {
  it('are loaded by a job of InvenioRDM, read back with their revisions, and leave no file', async () => {
    const results = await (await open()).write(inserts(60));
    expect(outcomes(results)).toEqual({ done: 60 });
    expect(results.every((one) => one.result === 'done' && one.remote?.['revision'] === 2)).toBe(true);
    expect([server.ids('affiliations').length, singles()]).toEqual([60, []]);
    expect(server.loads).toMatchObject([{ batch_size: 10, write_many: true }]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('are sent one by one where InvenioRDM lost their batch, although it says that all are inserted', async () => {
    const bad = change('insert', recordOf(15, { identifiers: [{ scheme: 'isni', identifier: 'bad' }] }));
    const changes = inserts(60).map((one) => (one.id === bad.id ? bad : one));
    const results = await (await open()).write(changes);
    expect(outcomes(results)).toEqual({ done: 59, rejected: 1 });
    expect(results.find(({ result }) => result === 'rejected')).toMatchObject({ id: 'r015', code: 'E_TARGET_REFUSED' });
    expect(server.ids('affiliations')).toHaveLength(59);
    expect(singles()).toHaveLength(10);
  });

  it.each([100, 65])('are done without a request each where an earlier attempt stored them, of %i', async (count) => {
    await (await open()).write(inserts(60));
    server.requests.length = 0;
    const results = await (await open()).write(inserts(count));
    expect(outcomes(results)).toEqual({ done: count });
    expect(results.every((one) => one.result === 'done' && typeof one.remote?.['revision'] === 'number')).toBe(true);
    const sent = count === 100 ? [] : Array.from({ length: 5 }, (_, i) => `POST r06${String(i)}`);
    expect(singles().toSorted()).toEqual(sent);
    expect(server.requests.filter(({ path }) => /\/affiliations\/r0/.test(path))).toEqual([]);
    expect(server.ids('affiliations')).toHaveLength(count);
  });

  it('are not loaded over a record that somebody made in InvenioRDM', async () => {
    server.edit('affiliations', { id: 'r007', name: 'By hand' });
    const results = await (await open()).write(inserts(60));
    expect(outcomes(results)).toEqual({ done: 59, conflict: 1 });
    expect(server.get('affiliations', 'r007')?.document).toMatchObject({ name: 'By hand' });
  });

  it('wait for a job that an earlier attempt left behind', async () => {
    server.bulk = 'waits';
    const stop = new AbortController();
    server.fault = ({ path }) => {
      if (path.endsWith('/runs/run-1')) stop.abort();
      return undefined;
    };
    await expect((await open({}, stop.signal)).write(inserts(60))).rejects.toThrow();
    server.fault = undefined;
    server.requests.length = 0;
    expect(outcomes(await (await open()).write(inserts(60)))).toEqual({ done: 60 });
    const asked = server.requests.map(({ method, path }) => `${method} ${path}`);
    const [waited, started] = [
      asked.findLastIndex((one) => one.endsWith('/runs/run-1')),
      asked.indexOf('POST /api/jobs/job-1/runs'),
    ];
    expect(waited).toBeGreaterThan(-1);
    expect(started).toBeGreaterThan(waited);
  });

  it('survive a connection that breaks off while their job is followed', async () => {
    let cuts = 0;
    server.fault = ({ method, path }) => {
      if (!path.endsWith('/runs/run-1') || method !== 'GET' || cuts > 0) return undefined;
      cuts += 1;
      return 'cut-before';
    };
    expect(outcomes(await (await open()).write(inserts(60)))).toEqual({ done: 60 });
    expect([cuts, server.loads.length, singles()]).toEqual([1, 1, []]);
  });

  it('are loaded by a job, too, where an earlier run ended before it knew what became of them', async () => {
    const changes = inserts(60).map(({ document }) => change('update', document, { found: { held: undefined } }));
    expect(outcomes(await (await open()).write(changes))).toEqual({ done: 60 });
    expect([server.loads.length, singles()]).toEqual([1, []]);
  });

  it('are looked up in lists after an attempt that was killed, not one by one', async () => {
    await (await open()).write(inserts(60));
    const sink = await open();
    server.requests.length = 0;
    const ids = inserts(300).map(({ id }) => id);
    const held = (await sink.look?.(ids)) ?? new Map<string, unknown>();
    expect([...held.keys()].toSorted()).toEqual(ids.slice(0, 60));
    expect(server.requests.length).toBeLessThan(20);
  });

  it('fail clearly where InvenioRDM stores none of them', async () => {
    server.bulk = 'stores-nothing';
    await expect((await open()).write(inserts(60))).rejects.toMatchObject({
      code: 'E_TARGET_FORBIDDEN',
      message: expect.stringContaining(directory) as string,
    });
    expect(readdirSync(directory)).toEqual([]);
  }, 60_000);
});

describe('other changes', () => {
  it('and few new records are single requests', async () => {
    const sink = await open();
    const [made] = await sink.write([change('insert', recordOf(0))]);
    const remote = made?.result === 'done' ? made.remote : undefined;
    const update = { before: recordOf(0), ...(remote === undefined ? {} : { remote }) };
    await sink.write([change('update', recordOf(0, { name: 'New' }), update), ...inserts(10).slice(1)]);
    expect(server.loads).toEqual([]);
    // Several lanes send at once.
    expect(singles().toSorted()).toEqual([...Array.from({ length: 10 }, (_, i) => `POST r00${String(i)}`), 'PUT r000']);
  });
});

describe('before a run', () => {
  const preflight = (args: object): Promise<void> =>
    invenioBulk.preflight?.(argsOf(args), {
      ...{ job: 'job-a', api, buckets: noS3.target, signal: new AbortController().signal },
    }) ?? Promise.resolve();

  it('the directory and the jobs API are tried', async () => {
    await preflight({});
    expect(readdirSync(directory)).toEqual([]);
    await expect(preflight({ directory: join(directory, 'none') })).rejects.toMatchObject({ code: 'E_FILE_NOT_FOUND' });
    await expect(preflight({ token: 'other' })).rejects.toMatchObject({ code: 'E_TARGET_FORBIDDEN' });
  });

  it('shares its target with invenio-rdm, so that a job can change from one to the other', () => {
    expect(invenioBulk.targetName(argsOf())).toMatch(/^invenio-rdm:127\.0\.0\.1:\d+\/api\/affiliations$/);
  });
});
