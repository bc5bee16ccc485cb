/** Whole runs into an InvenioRDM of the tests: only changes go out, and trouble with requests loses and doubles nothing. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { isJsonObject } from '../../../src/records/json-object.ts';
import { createRandom } from '../../fuzz/create-random.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../../support/engine.ts';
import { startInvenioServer, type InvenioServer } from '../../support/invenio-server.ts';
import { describeWithPostgres } from '../../support/postgres.ts';
import { api } from './open-invenio-bench.ts';

describeWithPostgres('a job', () => {
  let bench: TestEngine;
  let server: InvenioServer;
  /** Of the job, and the generic vocabulary that it publishes into. */
  let id: string;
  beforeAll(async () => {
    // The engine of the tests takes the name of a secret for the secret.
    server = await startInvenioServer('env:TOKEN');
    bench = await openTestEngine(undefined, { api });
  });
  afterAll(async () => {
    await bench.close();
    await server.close();
  });
  beforeEach(() => {
    server.forget();
    id = `job-${randomUUID().slice(0, 8)}`;
  });

  const recordsOf = (count: number, name: string): Record<string, unknown>[] =>
    Array.from({ length: count }, (_, i) => ({ id: `r${String(i).padStart(3, '0')}`, name: `${name} ${String(i)}` }));
  const run = async (records: readonly object[]) => {
    const path = bench.file(`${id}.jsonl`, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const args = { url: server.url, token: { $secret: server.token }, vocabulary: id, requests_per_second: 1000 };
    const writers = [{ type: 'invenio-rdm', args: { ...args, on_missing: 'withdraw' } }];
    const report = await runJobOnce(bench.steps, linesJob(path, { id, writers }), { request: { force: true } });
    return { outcome: report.outcome, counts: report.tasks[0]?.targets[0], run: report.run };
  };

  it('sends what changed, keeps what was edited, withdraws what is missing, and sends nothing the second time', async () => {
    const first = recordsOf(60, 'First');
    const bad = { id: 'bad', name: 'Bad', identifiers: [{ scheme: 'isni', identifier: 'bad' }] };
    expect(await run([...first, bad])).toMatchObject({ outcome: 'partial', counts: { inserted: 60, rejected: 1 } });
    server.requests.length = 0;
    expect((await run(first)).counts).toMatchObject({ unchanged: 60, inserted: 0, updated: 0 });
    expect(server.written()).toEqual([]);
    server.edit(id, { id: 'r000', name: 'Edited by hand' });
    const second = [...recordsOf(10, 'Second'), ...first.slice(10, 58)];
    expect((await run(second)).counts).toMatchObject({ updated: 9, kept: 1, withdrawn: 2, unchanged: 48 });
    expect(server.get(id, 'r000')?.document).toMatchObject({ name: 'Edited by hand' });
    expect(server.get(id, 'r059')?.document).toMatchObject({ tags: ['unlisted'] });
    expect(server.written().filter((one) => one.startsWith('POST'))).toEqual([]);
  });

  it.each([1, 2, 3])('ends the same whatever becomes of requests, seed %i', async (seed) => {
    const random = createRandom(seed);
    server.fault = ({ method, body }) => {
      const isProbe = isJsonObject(body) && 'vocab_sync_probe' in body;
      if (method === 'GET' || isProbe || random(100) >= 8) return undefined;
      const kind = random(3);
      if (kind === 2) return { status: 500, body: '{"message":"Internal error.","status":500}' };
      return kind === 1 ? 'cut-before' : 'cut-after';
    };
    const records = recordsOf(150, 'Name');
    let counts: unknown;
    // A cut connection ends the attempt; the step is tried again, as Temporal does it.
    for (let attempt = 0; attempt < 30 && counts === undefined; attempt += 1) {
      counts = await run(records).then(
        (report) => report.counts,
        () => undefined,
      );
    }
    expect(counts).toMatchObject({ rejected: 0 });
    expect(server.ids(id).toSorted()).toEqual(records.map((one) => String(one['id'])));
    for (const record of records) {
      expect(server.get(id, String(record['id']))).toMatchObject({ document: record, revision: 1 });
    }
  });
});
