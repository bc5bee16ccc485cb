/** Workers that are killed, stopped and frozen in every phase: each run ends like one that nobody disturbed. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readAttempts } from '../../src/postgres/ledger/run-log.ts';
import { pendingSteps } from '../../src/temporal/run-status.ts';
import { openKillBench, type KillBench, type KillRun } from '../support/kill-bench.ts';
import { readDump } from '../support/kill-dump.ts';
import { holdTable } from '../support/kill-hold.ts';
import {
  digestLedger,
  digestTable,
  expectLike,
  runUndisturbed,
  untilPhase,
  untilStaging,
  type Undisturbed,
} from '../support/kill-ledger.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { startSourceServer } from '../support/source-server.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { until } from '../support/workflow-bench.ts';

describeWithServers('a run whose worker', () => {
  let database: TestDatabase;
  let bench: KillBench;
  let base: Undisturbed;

  beforeAll(async () => {
    database = await testDatabase();
    bench = await openKillBench(database.url, await testTemporal());
    base = await runUndisturbed(bench);
  });
  afterAll(async () => {
    await bench.close();
    await database.drop();
  });
  beforeEach(async () => {
    await bench.workers(2);
  });

  const kill = async (run: KillRun, activity: string): Promise<void> => {
    const worker = await bench.workerOf(run, activity);
    worker.signal('SIGKILL');
    await worker.exited;
  };
  const ends = async (run: KillRun): Promise<void> => {
    await expectLike(bench.pool, base, run, await run.report());
  };

  it('is killed while it fetches goes on with the download', async () => {
    const bytes = readDump(bench.dump);
    const source = await startSourceServer({
      dumps: [{ name: bench.dump.name, bytes, date: '2026-06-23' }],
      faults: [{ kind: 'drip', at: 'file', method: 'GET', bytes: 128 << 10, everyMs: 100 }],
    });
    try {
      const run = await bench.start('kill-fetch', { source: { type: 'ror-http', args: { base_url: source.url } } });
      const gets = () => source.requests.filter(({ place, method }) => place === 'file' && method === 'GET');
      await until('a part of the dump is downloaded', async () => {
        const [step] = await pendingSteps(bench.temporal.client, { workflowId: run.workflowId, runId: run.id });
        return step?.activity === 'fetchSource' && (step.progress?.bytes ?? 0) > 0 ? true : undefined;
      });
      await kill(run, 'fetchSource');
      source.clearFaults();
      await ends(run);
      expect(gets().map(({ headers }) => headers.range)).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]/)]);
    } finally {
      await source.close();
    }
  });

  it('is killed by each attempt fails with a code of its own', async () => {
    const source = await startSourceServer({
      dumps: [{ name: bench.dump.name, bytes: readDump(bench.dump), date: '2026-06-23' }],
      faults: [{ kind: 'drip', at: 'file', method: 'GET', bytes: 1 << 10, everyMs: 100 }],
    });
    try {
      const run = await bench.start('kill-always', { source: { type: 'ror-http', args: { base_url: source.url } } });
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        await bench.workers(2);
        const begun = async () =>
          (await readAttempts(bench.pool, run.id)).filter(({ step }) => step === 'fetchSource').length;
        await until(`attempt ${String(attempt)} is under way`, async () => (await begun()) === attempt, 90);
        await kill(run, 'fetchSource');
      }
      await bench.workers(2);
      await expect(run.report()).rejects.toMatchObject({ cause: { type: 'E_STEP_LOST' } });
    } finally {
      await source.close();
    }
  }, 360_000);

  it('is killed while it stages goes on from the last checkpoint', async () => {
    const run = await bench.start('kill-stage');
    const struck = await untilStaging(bench.pool, run);
    await kill(run, 'stagePartition');
    const next = await untilStaging(bench.pool, run, ({ lease }) => lease !== struck.lease);
    expect(next.read).toBeGreaterThanOrEqual(struck.read);
    await ends(run);
  });

  it('is killed while it compares', async () => {
    const run = await bench.start('kill-compare');
    await untilPhase(bench.pool, run, 'stage');
    const hold = await holdTable(database.url, 'vocab_sync.task');
    await hold.reached();
    await kill(run, 'compareTargets');
    await hold.release();
    await ends(run);
  });

  it('is killed while it publishes, with everything written and nothing committed', async () => {
    const run = await bench.start('kill-apply');
    const before = await digestTable(bench.pool, run.table);
    const begin = await holdTable(database.url, `vocabularies.${run.table}`);
    await begin.reached();
    const end = await holdTable(database.url, 'vocab_sync.task');
    await begin.release();
    await end.reached();
    await kill(run, 'applyChanges');
    expect(await digestTable(bench.pool, run.table)).toBe(before);
    await end.release();
    await ends(run);
  });

  it('is told to stop while it stages hands over within seconds', async () => {
    const run = await bench.start('kill-term');
    const struck = await untilStaging(bench.pool, run);
    const worker = await bench.workerOf(run, 'stagePartition');
    const told = Date.now();
    worker.signal('SIGTERM');
    const next = await untilStaging(bench.pool, run, ({ lease }) => lease !== struck.lease);
    const handedOver = Date.now() - told;
    expect(await worker.exited).toBe(0);
    console.info(`handed over after ${String(handedOver)} ms, exited after ${String(Date.now() - told)} ms`);
    expect(handedOver).toBeLessThan(5000);
    expect(next.read).toBeGreaterThanOrEqual(struck.read);
    await ends(run);
  });

  it('is frozen until another one has finished writes nothing when it wakes up', async () => {
    const run = await bench.start('kill-frozen');
    await untilStaging(bench.pool, run);
    const zombie = await bench.workerOf(run, 'stagePartition');
    zombie.freeze();
    await ends(run);
    const before = await digestLedger(bench.pool, run);
    zombie.thaw();
    zombie.signal('SIGTERM');
    expect(await zombie.exited).toBe(0);
    expect(await digestLedger(bench.pool, run)).toEqual(before);
  });

  it('is frozen until another one has taken over loses its lease when it wakes up', async () => {
    const run = await bench.start('kill-thawed');
    const struck = await untilStaging(bench.pool, run);
    const zombie = await bench.workerOf(run, 'stagePartition');
    zombie.freeze();
    await untilStaging(bench.pool, run, ({ lease }) => lease !== struck.lease);
    zombie.thaw();
    await ends(run);
  });
});
