/** A directory, a database and a queue of its own for tests of commands, with the shared Temporal or another one. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import type { RunReport } from '../../src/records/run.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { findSchedule, scheduleId, type ScheduleState } from '../../src/temporal/schedule-state.ts';
import { linesJob } from '../support/engine.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase } from '../support/postgres.ts';
import { testTemporal, type TestTemporal } from '../support/temporal-server.ts';
import { startCliWorker, type CliWorker } from './start-cli-worker.ts';
import { runWords, type RunResult, type RunWordsOptions } from './run-words.ts';

export interface ListedRun {
  readonly run: string;
  readonly mode: string;
  readonly trigger: string;
  readonly outcome: string | null;
  readonly started_at: string;
}

export interface CliBench {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly queue: string;
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  readonly databaseUrl: string;
  /** A name that no other test uses. */
  job(name: string): string;
  cli(words: readonly string[], more?: Partial<RunWordsOptions>): Promise<RunResult>;
  json<T>(...words: readonly string[]): Promise<T>;
  /** Writes `lines.jsonl`, which the jobs of `write` read. */
  lines(content: string): void;
  /** A job file in `jobs`, on the queue of the bench. */
  write(id: string, more?: Readonly<Record<string, unknown>>): void;
  runs(job: string): Promise<readonly ListedRun[]>;
  show(run: string): Promise<RunReport>;
  schedule(job: string): Promise<ScheduleState>;
  /** Ended with the bench, at the latest. */
  worker(): Promise<CliWorker>;
  close(): Promise<void>;
}

export async function openCliBench(own?: TestTemporal): Promise<CliBench> {
  const cwd = makeTempDir('vocab-sync-cli-');
  mkdirSync(join(cwd, 'jobs'));
  const database = await testDatabase();
  const server = own ?? (await testTemporal());
  const unique = `${String(process.pid)}-${String(Date.now())}`;
  const queue = `queue-${unique}`;
  const env = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
  const pool = openPool({ url: database.url });
  const temporal = await connectTemporal({
    connectionOptions: { address: server.address },
    namespace: server.namespace,
  });
  const jobs = new Set<string>();
  const workers: CliWorker[] = [];
  const cli: CliBench['cli'] = (words, more = {}) => runWords(words, { cwd, env, ...more });
  const json = async <T>(...words: readonly string[]): Promise<T> => {
    const { stdout, stderr } = await cli([...words, '--json']);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  };
  return {
    cwd,
    env,
    queue,
    pool,
    temporal,
    databaseUrl: database.url,
    job(name) {
      jobs.add(`${name}-${unique}`);
      return `${name}-${unique}`;
    },
    cli,
    json,
    lines(content) {
      writeFileSync(join(cwd, 'lines.jsonl'), content);
    },
    write(id, more = {}) {
      // A table of its own: jobs that write the same records refuse each other's.
      const writers = [{ type: 'postgres', args: { table: id.replaceAll('-', '_'), on_missing: 'withdraw' } }];
      const config = linesJob(join(cwd, 'lines.jsonl'), { id, queue, writers, ...more });
      writeFileSync(join(cwd, 'jobs', `${id}.json`), JSON.stringify(config));
    },
    runs: async (job) => (await json<{ runs: ListedRun[] }>('runs', job)).runs,
    show: (run) => json<RunReport>('show', run),
    async schedule(job) {
      const state = await findSchedule(temporal.client, job);
      if (state === undefined) throw new Error(`Temporal has no schedule of ${job}`);
      return state;
    },
    async worker() {
      const worker = await startCliWorker(env, cwd, queue);
      workers.push(worker);
      return worker;
    },
    async close() {
      const forget = (job: string): Promise<unknown> =>
        temporal.client.schedule
          .getHandle(scheduleId(job))
          .delete()
          .catch(() => undefined);
      await Promise.all([...jobs].map(forget));
      await Promise.all(workers.map((worker) => worker.stop()));
      await temporal.close();
      await pool.end();
      await database.drop();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}
