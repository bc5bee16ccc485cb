/**
 * Runs of a large dump by worker processes that are struck while they work. Every run has a job and a table of its own,
 * seeded alike, so that each must end like the one that nobody disturbed.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { RunReport, RunRequest } from '../../src/records/run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import { killDump, type KillDump } from './kill-dump.ts';
import { killJob, seedTable } from './kill-job.ts';
import { makeTempDir } from './make-temp-dir.ts';
import type { TestTemporal } from './temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';
import { until, type RunHandle } from './workflow-bench.ts';

export interface KillRun {
  readonly id: string;
  readonly workflowId: string;
  readonly job: string;
  readonly table: string;
  readonly handle: RunHandle;
  /** Waits for the end. Throws what the workflow failed with. */
  report(): Promise<RunReport>;
}

interface StartOptions {
  readonly request?: Partial<RunRequest>;
  /** The source reader in place of the dump as input. */
  readonly source?: Readonly<Record<string, unknown>>;
  /** Start the job of an earlier run again. */
  readonly job?: string;
}

export interface KillBench {
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  readonly dump: KillDump;
  readonly queue: string;
  /** Starts workers until so many live. */
  workers(count: number): Promise<readonly WorkerProcess[]>;
  start(name: string, options?: StartOptions): Promise<KillRun>;
  /** The worker on which the step is at this moment. */
  workerOf(run: KillRun, activity: string): Promise<WorkerProcess>;
  close(): Promise<void>;
}

/** The shortest that does not take a worker for dead that shares two cores with everything else. */
const HEARTBEAT_SECONDS = 4;

export async function openKillBench(databaseUrl: string, server: TestTemporal): Promise<KillBench> {
  const home = makeTempDir('vocab-sync-kill-');
  const queue = `kill-${randomUUID()}`;
  const dump = await killDump(home);
  const pool = openPool({ url: databaseUrl, applicationName: 'kill test' });
  const temporal = await connectTemporal({
    connectionOptions: { address: server.address },
    namespace: server.namespace,
  });
  const started: WorkerProcess[] = [];
  const living = (): WorkerProcess[] => started.filter((worker) => worker.isAlive());
  const servers = {
    databaseUrl,
    temporalAddress: server.address,
    namespace: server.namespace,
    queue,
    home,
  };
  return {
    pool,
    temporal,
    dump,
    queue,
    async workers(count) {
      const missing = Math.max(0, count - living().length);
      started.push(...(await Promise.all(Array.from({ length: missing }, () => startWorkerProcess(servers)))));
      return living();
    },
    async start(name, { request = {}, source, job = name } = {}) {
      const table = job.replaceAll('-', '_');
      if (job === name) await seedTable(pool, job, table);
      const { workflowId, runId } = await startRun(temporal.client, {
        queue,
        request: {
          job,
          trigger: 'manual',
          config: JSON.stringify(killJob(job, table, source)),
          ...(source === undefined ? { input: dump } : {}),
          heartbeatSeconds: HEARTBEAT_SECONDS,
          ...request,
        },
      });
      // Of the latest execution: a reset puts another one in the place of the first.
      const handle = temporal.client.workflow.getHandle<typeof runJob>(workflowId);
      return { id: runId, workflowId, job, table, handle, report: () => handle.result() };
    },
    workerOf: (run, activity) =>
      until(`a worker of the test works at ${activity}`, async () => {
        const { raw } = await run.handle.describe();
        const pending = (raw.pendingActivities ?? []).find(({ activityType }) => activityType?.name === activity);
        return living().find(({ identity }) => identity === pending?.lastWorkerIdentity?.split('/')[0]);
      }),
    async close() {
      for (const worker of living()) worker.signal('SIGKILL');
      await Promise.all(started.map(({ exited }) => exited));
      await temporal.close();
      await pool.end();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
