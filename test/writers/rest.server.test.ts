/** The writer `rest` through a whole run, against a server with the faults of real ones. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VocabSyncError } from '../../src/errors.ts';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { PublishInput } from '../../src/pipeline/run-steps.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { startLimitedRest } from '../support/limited-rest.ts';
import { restArgsFor, startRestServer, type RestServer } from '../support/rest-server.ts';

let bench: TestEngine;
let server: RestServer;
let id: string;

beforeAll(async () => {
  bench = await openTestEngine(undefined, { api: createApiService({ allowedHosts: [], userAgent: 'test' }) });
});
afterAll(() => bench.close());
beforeEach(async () => {
  id = `job-${randomUUID().slice(0, 8)}`;
  server = await startRestServer();
  return () => server.close();
});

const lines = (records: Readonly<Record<string, string>>): string =>
  bench.file(
    'lines.jsonl',
    Object.entries(records)
      .map(([key, name]) => `${JSON.stringify({ id: key, name })}\n`)
      .join(''),
  );
const job = (records: Readonly<Record<string, string>>, more: Readonly<Record<string, unknown>> = {}) =>
  linesJob(lines(records), {
    id,
    writers: [
      {
        type: 'rest',
        args: {
          ...restArgsFor(server.url),
          if_match: 'quoted',
          on_missing: 'withdraw',
          ...more,
        },
      },
    ],
  });
const many = (count: number, name = 'n'): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${String(i).padStart(4, '0')}`, name]));
const countsOf = (report: Awaited<ReturnType<typeof runJobOnce>>) => report.tasks[0]?.targets[0];
const rejectionsOf = async (run: string): Promise<{ code: string; message: string; record_id: string }[]> =>
  (
    await bench.pool.query<{ code: string; message: string; record_id: string }>(
      'SELECT code, message, record_id FROM vocab_sync.rejection WHERE run_id = $1 ORDER BY record_id',
      [run],
    )
  ).rows;
const failureOf = (work: Promise<unknown>): Promise<VocabSyncError> =>
  work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown as VocabSyncError,
  );
/** Calls the step again until it ends, as Temporal does. */
const patiently = async (input: PublishInput): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const done = await bench.steps.publishTarget(input, stepContext()).then(
      () => true,
      (thrown: unknown) => {
        if ((thrown as VocabSyncError).kind === 'unavailable' && attempt < 50) return false;
        throw thrown;
      },
    );
    if (done) return;
  }
};

describe('a first load, no change, some changes, a withdrawal', () => {
  it('send one request for each changed record', async () => {
    expect(countsOf(await runJobOnce(bench.steps, job({ a: '1', 'b/ü?': '1', c: '1' })))).toMatchObject({
      inserted: 3,
    });
    expect(server.records.get('b/ü?')).toEqual({ id: 'b/ü?', name: '1' });
    server.requests.length = 0;
    const same = await runJobOnce(bench.steps, job({ a: '1', 'b/ü?': '1', c: '1' }), { request: { force: true } });
    expect(countsOf(same)).toMatchObject({ unchanged: 3 });
    expect(server.requests).toEqual([]);
    const changed = await runJobOnce(bench.steps, job({ a: '1', 'b/ü?': '2', d: '1' }));
    expect(countsOf(changed)).toMatchObject({ inserted: 1, updated: 1, withdrawn: 1, unchanged: 1 });
    expect(server.requests.toSorted()).toEqual(['DELETE c', 'POST d', 'PUT b/ü?']);
  });
});

describe('what the server answers', () => {
  it('is kept apart: a refused record, one that somebody edited, one that fails for a while', async () => {
    await runJobOnce(bench.steps, job({ a: '1', b: '1', c: '1', d: '1' }));
    server.records.set('b', { id: 'b', name: 'edited' });
    server.revisions.set('b', 9);
    let failures = 2;
    server.before = ({ id: record }, response) => {
      if (record === 'a') response.writeHead(422).end('{"message": "Invalid name."}');
      else if (record === 'c' && failures-- > 0) response.writeHead(500).end('<h1>Oops</h1>');
      else return false;
      return true;
    };
    const report = await runJobOnce(bench.steps, job({ a: '2', b: '2', c: '2', d: '2' }), { publish: patiently });
    expect(countsOf(report)).toMatchObject({ updated: 2, rejected: 1, kept: 1 });
    expect(await rejectionsOf(report.run)).toMatchObject([
      { record_id: 'a', code: 'E_TARGET_REFUSED', message: expect.stringContaining('Invalid name') as string },
      { record_id: 'b', code: 'E_TARGET_EDITED' },
    ]);
    expect(server.records.get('b')).toEqual({ id: 'b', name: 'edited' });
    const over = await runJobOnce(bench.steps, job({ a: '2', b: '2', c: '2', d: '3' }, { on_conflict: 'overwrite' }));
    expect(countsOf(over)).toMatchObject({ updated: 2, rejected: 1 });
    expect(server.records.get('b')).toEqual({ id: 'b', name: '2' });
  });

  it('for every request alike ends the publication with its words', async () => {
    server.before = (_request, response) => {
      response.writeHead(403).end('{"message": "Permission denied."}');
      return true;
    };
    const error = await failureOf(runJobOnce(bench.steps, job({ a: '1' })));
    expect(error.code).toBe('E_TARGET_FORBIDDEN');
    expect(error.message).toContain('Permission denied');
  });

  it('with Retry-After is waited for', async () => {
    let refusals = 1;
    const asked: number[] = [];
    server.before = (_request, response) => {
      asked.push(Date.now());
      if (refusals-- <= 0) return false;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return true;
    };
    expect(countsOf(await runJobOnce(bench.steps, job({ a: '1' })))).toMatchObject({ inserted: 1 });
    expect((asked.at(-1) ?? 0) - (asked[0] ?? 0)).toBeGreaterThan(900);
  });
});

describe('a server that fails on one request in five, half of them after it did the work', () => {
  it('ends with every record once', async () => {
    let count = 0;
    const failing = (response: ServerResponse): boolean => {
      count += 1;
      if (count % 10 !== 0) return false;
      if (count % 20 === 0) response.destroy();
      else response.writeHead(500).end();
      return true;
    };
    server.before = (_request, response) => failing(response);
    server.after = ({ method }, response) => method !== 'GET' && failing(response);
    const report = await runJobOnce(bench.steps, job(many(400)), { publish: patiently });
    expect(countsOf(report)).toMatchObject({ inserted: 400, rejected: 0 });
    expect(server.records.size).toBe(400);
    expect(server.done).toHaveLength(400);
  });
});

// test/bench/limited-rest.ts does it with 30,000 records, and looks at time and memory.
describe('a server with a limit that fails on one request in ten, half of them after it did the work', () => {
  it('ends with every record once', async () => {
    const { server: limited, seen } = await startLimitedRest({ perSecond: 200, failing: 0.1, seed: 7 });
    try {
      const more = { url: limited.url, requests_per_second: 200 };
      const report = await runJobOnce(bench.steps, job(many(300), more), { publish: patiently });
      expect(countsOf(report)).toMatchObject({ inserted: 300, rejected: 0 });
      expect(limited.records.size).toBe(300);
      expect(limited.done).toHaveLength(300);
      expect(Math.min(seen.failedBefore, seen.failedAfter)).toBeGreaterThan(0);
    } finally {
      await limited.close();
    }
  });
});

describe('a limit of requests in a second', () => {
  it('is kept', async () => {
    const started = Date.now();
    await runJobOnce(bench.steps, job(many(60), { requests_per_second: 30 }));
    const seconds = (Date.now() - started) / 1000;
    expect(server.requests.length / seconds).toBeLessThanOrEqual(31);
  });
});
