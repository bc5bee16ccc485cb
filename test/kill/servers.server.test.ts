/** PostgreSQL and Temporal that crash and come back during a run. */
import { afterAll, beforeAll, beforeEach, it } from 'vitest';
import { openKillBench, type KillBench, type KillRun } from '../support/kill-bench.ts';
import { holdTable } from '../support/kill-hold.ts';
import { expectLike, runUndisturbed, untilStaging, type Undisturbed } from '../support/kill-ledger.ts';
import { startPostgres, type OwnPostgres } from '../support/postgres.ts';
import { describeWithServers, startTemporal, type OwnTemporal } from '../support/temporal-server.ts';

describeWithServers('a run', () => {
  let postgres: OwnPostgres;
  let temporal: OwnTemporal;
  let bench: KillBench;
  let base: Undisturbed;

  beforeAll(async () => {
    [postgres, temporal] = await Promise.all([startPostgres(), startTemporal()]);
    bench = await openKillBench(postgres.url, temporal);
    base = await runUndisturbed(bench);
  });
  afterAll(async () => {
    await bench.close();
    await Promise.all([postgres.remove(), temporal.remove()]);
  });
  beforeEach(async () => {
    await bench.workers(2);
  });

  const ends = async (run: KillRun): Promise<void> => {
    await expectLike(bench.pool, base, run, await run.report());
  };

  it('stages again when PostgreSQL crashed while it staged', async () => {
    const run = await bench.start('crash-stage');
    await untilStaging(bench.pool, run);
    await postgres.restart('immediate');
    await ends(run);
  });

  it('goes back to its stage when PostgreSQL crashed while it published, and publishes once', async () => {
    const run = await bench.start('crash-apply');
    const begin = await holdTable(postgres.url, `vocabularies.${run.table}`);
    await begin.reached();
    const end = await holdTable(postgres.url, 'vocab_sync.task');
    await begin.release();
    await end.reached();
    await postgres.restart('immediate');
    await end.release();
    await ends(run);
  });

  it('goes on when Temporal was killed while it staged', async () => {
    const run = await bench.start('crash-temporal');
    await untilStaging(bench.pool, run);
    await temporal.kill();
    await temporal.start();
    await ends(run);
  });
});
