/** Runs that are cancelled, terminated or reset in the middle of their work. */
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followRun, type Followed } from '../../src/cli/follow/follow-run.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { cancelRun } from '../../src/temporal/control-run.ts';
import { openKillBench, type KillBench, type KillRun } from '../support/kill-bench.ts';
import { holdTable } from '../support/kill-hold.ts';
import {
  countChanges,
  digestTable,
  expectLike,
  leftovers,
  runUndisturbed,
  untilStaging,
  type Undisturbed,
} from '../support/kill-ledger.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';

describeWithServers('a run that', () => {
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

  const ledgerOf = async (run: KillRun): Promise<unknown> => {
    const { rows } = await bench.pool.query<Record<string, unknown>>(
      'SELECT phase, outcome, finished_at IS NOT NULL AS ended, error, since, started_at FROM vocab_sync.run WHERE id = $1',
      [run.id],
    );
    return rows[0];
  };
  const statusOf = async (run: KillRun): Promise<string> => (await run.handle.describe()).status.name;
  const reset = async (run: KillRun): Promise<void> => {
    const { client, namespace } = bench.temporal;
    const { runId } = await run.handle.describe();
    // The end of the first workflow task: everything after it is done again.
    const { events } = await run.handle.fetchHistory();
    const first = (events ?? []).find(
      ({ workflowTaskCompletedEventAttributes: task }) => task !== null && task !== undefined,
    );
    if (first?.eventId === null || first?.eventId === undefined) throw new Error('no workflow task was completed');
    await client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: run.workflowId, runId },
      workflowTaskFinishEventId: first.eventId,
      reason: 'a test',
      requestId: run.id,
    });
  };

  /** As `vocab-sync run` does. */
  const followQuietly = (run: KillRun): Promise<Followed> =>
    followRun({
      client: bench.temporal.client,
      pool: bench.pool,
      terminal: createTerminal({
        stdin: new PassThrough(),
        stdout: new PassThrough(),
        stderr: new PassThrough(),
        onInterrupt: () => () => undefined,
      }),
      workflowId: run.workflowId,
      runId: run.id,
      queue: bench.queue,
      signal: new AbortController().signal,
    });

  it('is cancelled while it stages ends within seconds, with nothing published and nothing left', async () => {
    const run = await bench.start('kill-cancel');
    const before = await digestTable(bench.pool, run.table);
    await untilStaging(bench.pool, run);
    const asked = Date.now();
    await cancelRun(bench.temporal.client, { workflowId: run.workflowId, runId: run.id }, 'Ada');
    await expect(run.report()).rejects.toThrow('cancelled');
    console.info(`cancelled after ${String(Date.now() - asked)} ms`);
    expect(Date.now() - asked).toBeLessThan(8000);
    expect(await statusOf(run)).toBe('CANCELLED');
    expect(await ledgerOf(run)).toMatchObject({ phase: 'done', outcome: 'cancelled', ended: true });
    expect(await digestTable(bench.pool, run.table)).toBe(before);
    expect(await countChanges(bench.pool, run)).toEqual({});
    expect(await leftovers(bench.pool)).toEqual([]);
  });

  it('is cancelled while it publishes publishes nothing', async () => {
    const run = await bench.start('kill-cancel-apply');
    const before = await digestTable(bench.pool, run.table);
    const hold = await holdTable(database.url, `vocabularies.${run.table}`);
    await hold.reached();
    await cancelRun(bench.temporal.client, { workflowId: run.workflowId, runId: run.id }, 'Ada');
    await expect(run.report()).rejects.toThrow('cancelled');
    await hold.release();
    expect(await digestTable(bench.pool, run.table)).toBe(before);
    expect(await leftovers(bench.pool)).toEqual([]);
  });

  it('is terminated does not keep the next one from working', async () => {
    const lost = await bench.start('kill-terminate');
    await untilStaging(bench.pool, lost);
    await lost.handle.terminate('a test');
    const run = await bench.start('kill-next', { job: lost.job });
    await expectLike(bench.pool, base, run, await run.report());
    expect(await ledgerOf(lost)).toMatchObject({ outcome: 'cancelled', ended: true, error: { code: 'E_RUN_STATE' } });
    expect(await countChanges(bench.pool, lost)).toEqual({});
  });

  it('is reset while it stages does not read again what is staged, and keeps its since', async () => {
    const run = await bench.start('kill-reset', { request: { since: '2026-01-02' } });
    const struck = await untilStaging(bench.pool, run);
    const before = await ledgerOf(run);
    const followed = followQuietly(run);
    await reset(run);
    const next = await untilStaging(bench.pool, run, ({ lease }) => lease !== struck.lease);
    expect(next.read).toBeGreaterThanOrEqual(struck.read);
    await expectLike(bench.pool, base, run, await run.report());
    expect(await followed).toMatchObject({ kind: 'ended', report: { run: run.id, outcome: 'success' } });
    const { since, started_at } = before as { since: Date; started_at: Date };
    expect(await ledgerOf(run)).toMatchObject({ since, started_at, outcome: 'success' });
  });

  it('is reset when it has published keeps its outcome and counts', async () => {
    const run = await bench.start('kill-reset-end');
    const report = await run.report();
    await reset(run);
    expect(await run.report()).toEqual({
      ...report,
      finished_at: expect.not.stringMatching(report.finished_at ?? '') as string,
    });
    await expectLike(bench.pool, base, run, report);
  });
});
