/**
 * Runs of a job by a real worker, a real PostgreSQL and a real Temporal. In each round one of the three is killed with
 * SIGKILL at a random moment and started again, and the run must end like the one that nobody disturbed: the same
 * outcome and counts, the same table, every change logged once, the right kept count, nothing left over.
 *
 * With targets, the job also publishes into a search index, a REST server, a Solr, a webhook and a table of another PostgreSQL.
 * These are killed too, and must hold the same records, each changed as often as by the undisturbed run and as often as the
 * change log says. The victim `cancel` is the run: it is cancelled, and another run sends the rest.
 *
 * It does not look into the product: it starts `vocab-sync worker` and reads tables. It does not need a test runner.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalDevServer, type TemporalDevServer } from '../../src/embedded/temporal-server.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import type { RunReport } from '../../src/records/run.ts';
import { loadSettings } from '../../src/settings.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import { startRun, type StartedRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { createFraction } from '../fuzz/create-random.ts';
import { TEST_SEARCH_ATTRIBUTES } from '../support/search-attributes.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { WEBHOOK_SECRET } from '../support/webhook-server.ts';
import type { RealSearchProgram } from './real-servers.ts';
import {
  openRestTarget,
  openSearchTarget,
  openSolrTarget,
  openTableTarget,
  openWebhookTarget,
  type RandomTarget,
} from './random-targets.ts';

export const VICTIMS = ['worker', 'postgres', 'temporal'] as const;
export const TARGET_VICTIMS = ['search', 'rest', 'solr', 'webhook', 'table'] as const;
export type Victim = (typeof VICTIMS)[number] | (typeof TARGET_VICTIMS)[number] | 'cancel';

export interface RandomRounds {
  readonly rounds: number;
  /** Round `n` uses `seed + n`, so a round is repeated with its own seed and one round. */
  readonly seed: number;
  readonly victims: readonly Victim[];
  /** The victims come in their order, in place of at random. */
  readonly inTurn?: boolean;
  readonly records?: number;
  readonly targets?: Targets;
  say(line: string): void;
}

/** The job publishes into targets outside the database as well. */
interface Targets {
  /** Real servers, which are started and killed. Undefined: the servers of the tests. */
  readonly search?: RealSearchProgram | undefined;
  /** The command of a Solr: see `openRealSolr`. */
  readonly solr?: string | undefined;
}

/** Returns the seeds of the rounds that ended differently. */
export async function runRandomRounds(options: RandomRounds): Promise<readonly number[]> {
  const world = await openWorld(options.records ?? 20_000, options.targets);
  const failed: number[] = [];
  try {
    const base = await world.baseline();
    options.say(`undisturbed: ${String(base.facts['outcome'])} in ${base.seconds.toFixed(1)} s`);
    for (let round = 0; round < options.rounds; round++) {
      const seed = options.seed + round;
      const label = `round ${String(round + 1)}/${String(options.rounds)} seed ${String(seed)}`;
      const next = options.victims[round % options.victims.length];
      const victims = options.inTurn === true && next !== undefined ? [next] : options.victims;
      const problems = await world.round(seed, victims, base, (line) => {
        options.say(`${label} ${line}`);
      });
      if (problems.length > 0) failed.push(seed);
    }
  } finally {
    await world.close();
  }
  return failed;
}

/** What must be equal in every round. */
type Facts = Readonly<Record<string, unknown>>;

interface Baseline {
  readonly facts: Facts;
  readonly seconds: number;
}

interface World {
  baseline(): Promise<Baseline>;
  /** Returns what differs from the undisturbed run. */
  round(
    seed: number,
    victims: readonly Victim[],
    base: Baseline,
    say: (line: string) => void,
  ): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A worker that was killed is noticed after so long. */
const HEARTBEAT_SECONDS = 4;
const ROUND_SECONDS = 240;

async function openWorld(records: number, targets: Targets | undefined): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-random-kill-'));
  const logger = silentLogger();
  const queue = `random-${randomUUID()}`;
  const startPostgres = (port?: number): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ directory: join(directory, 'postgres'), logger, ...(port === undefined ? {} : { port }) });
  const { path: cliPath } = await findTemporalCli({ ...loadSettings(), say: () => undefined });
  const ports = { port: await findFreePort(), uiPort: await findFreePort() };
  const startTemporal = (): Promise<TemporalDevServer> =>
    startTemporalDevServer({
      cliPath,
      dbFile: join(directory, 'temporal.db'),
      logFile: join(directory, 'temporal.log'),
      searchAttributes: TEST_SEARCH_ATTRIBUTES,
      ...ports,
    });
  let postgres = await startPostgres();
  let temporal = await startTemporal();
  await migrate(postgres.url);
  const table = targets === undefined ? undefined : await openTableTarget();
  const startWorker = (): Promise<WorkerProcess> =>
    startWorkerProcess(
      {
        databaseUrl: postgres.url,
        temporalAddress: temporal.address,
        namespace: temporal.namespace,
        queue,
        home: directory,
      },
      table === undefined ? {} : { TARGET_SECRET: WEBHOOK_SECRET, TARGET_URL: table.url },
    );
  let worker = await startWorker();
  const remote: Remote =
    targets === undefined || table === undefined
      ? {}
      : {
          search: await openSearchTarget(directory, targets.search),
          rest: await openRestTarget(directory),
          solr: await openSolrTarget(directory, targets.solr),
          webhook: await openWebhookTarget(directory),
          table,
        };
  const killTarget = async (name: (typeof TARGET_VICTIMS)[number]): Promise<void> => {
    const target = remote[name];
    if (target === undefined) throw new Error(`${name} is killed only in a run with targets`);
    await target.kill();
  };

  const kill: Readonly<Record<Exclude<Victim, 'cancel'>, () => Promise<void>>> = {
    worker: async () => {
      worker.signal('SIGKILL');
      await worker.exited;
      worker = await startWorker();
    },
    postgres: async () => {
      const { port, pid } = postgres;
      process.kill(pid, 'SIGKILL');
      // Its sessions notice it and end; until then the memory that they share is in use.
      postgres = await until('PostgreSQL starts again', () => startPostgres(port).catch(() => undefined), 90);
    },
    temporal: async () => {
      await temporal.stop('kill');
      temporal = await startTemporal();
    },
    search: () => killTarget('search'),
    rest: () => killTarget('rest'),
    solr: () => killTarget('solr'),
    webhook: () => killTarget('webhook'),
    table: () => killTarget('table'),
  };

  const path = join(directory, 'source.jsonl');
  const config = (job: string): Readonly<Record<string, unknown>> => ({
    id: job,
    title: job,
    readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
    transformers: [],
    writers: [
      { type: 'postgres', args: { table: job.replaceAll('-', '_'), on_missing: 'withdraw' } },
      ...Object.values(remote).map((target) => target.writer(job)),
    ],
  });
  const start = async (job: string): Promise<StartedRun> => {
    const client = await connectTemporal({ connectionOptions: { address: temporal.address } });
    try {
      const request = {
        job,
        trigger: 'manual' as const,
        config: JSON.stringify(config(job)),
        heartbeatSeconds: HEARTBEAT_SECONDS,
      };
      return await startRun(client.client, { queue, request });
    } finally {
      await client.close();
    }
  };
  const cancel = async (run: StartedRun): Promise<void> => {
    const client = await connectTemporal({ connectionOptions: { address: temporal.address } });
    try {
      await client.client.workflow.getHandle(run.workflowId).cancel();
    } finally {
      await client.close();
    }
  };
  /** Asks again while a server is down. */
  const reportOf = ({ workflowId }: StartedRun): Promise<RunReport> =>
    until(`the end of ${workflowId}`, () => askForReport(temporal.address, workflowId), ROUND_SECONDS);
  const query = async (sql: string, values: readonly unknown[] = []): Promise<readonly unknown[]> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      return (await client.query(sql, [...values])).rows as readonly unknown[];
    } finally {
      await client.end();
    }
  };
  const prepare = async (job: string): Promise<void> => {
    for (const target of Object.values(remote)) await target.clear();
    for (const version of [0, 1]) {
      writeFileSync(path, sourceText(records, version));
      await reportOf(await start(job));
    }
    writeFileSync(path, sourceText(records, 2));
  };

  return {
    async baseline() {
      await prepare('kill-base');
      const started = performance.now();
      const run = await start('kill-base');
      const report = await reportOf(run);
      const seconds = (performance.now() - started) / 1000;
      const facts = await factsOf(query, remote, 'kill-base', report);
      const problems = doublesOf(facts);
      if (problems.length > 0) throw new Error(`the undisturbed run is wrong: ${problems.join('; ')}`);
      return { seconds, facts };
    },
    async round(seed, victims, base, say) {
      const random = createFraction(seed);
      const victim = victims[Math.floor(random() * victims.length)] ?? 'worker';
      const moment = random() * base.seconds;
      const job = `kill-${String(seed)}-${randomUUID().slice(0, 8)}`;
      const problems: string[] = [];
      let took = Number.NaN;
      try {
        await prepare(job);
        const began = performance.now();
        const run = await start(job);
        await delay(moment * 1000);
        const isCancelled = victim === 'cancel';
        if (isCancelled) await cancel(run);
        else await kill[victim]();
        // The one that was cancelled may have ended before.
        const report = isCancelled
          ? await reportOf(run).catch(async () => reportOf(await start(job)))
          : await reportOf(run);
        took = (performance.now() - began) / 1000;
        const facts = await factsOf(query, remote, job, report);
        const expected = isCancelled ? contentOf(base.facts) : base.facts;
        problems.push(...differences(expected, facts), ...doublesOf(facts, isCancelled ? ['webhook'] : []));
        if (problems.length > 0 && isCancelled) problems.push(`the last run: ${JSON.stringify(report)}`);
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
      const result = problems.length === 0 ? 'ok' : `DIFFERS: ${problems.join('; ')}`;
      say(`victim ${victim} at ${moment.toFixed(2)} s: ${result} (${took.toFixed(1)} s)`);
      return problems;
    },
    async close() {
      for (const target of Object.values(remote)) await target.close();
      worker.signal('SIGKILL');
      await worker.exited;
      await temporal.stop('kill');
      await postgres.stop('immediate');
      postgres.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function askForReport(address: string, workflowId: string): Promise<RunReport | undefined> {
  let client: Awaited<ReturnType<typeof connectTemporal>> | undefined;
  try {
    client = await connectTemporal({ connectionOptions: { address } });
    const handle = client.client.workflow.getHandle<typeof runJob>(workflowId);
    const { status } = await handle.describe();
    return status.name === 'RUNNING' ? undefined : await handle.result();
  } catch (error) {
    // A run that failed is a result; a server that is down is not.
    if (error instanceof Error && error.name === 'WorkflowFailedError') throw error;
    return undefined;
  } finally {
    await client?.close().catch(() => undefined);
  }
}

/** Between the versions records are inserted, updated, withdrawn and restored, and most stay as they are. */
function sourceText(records: number, version: number): string {
  const lines: string[] = [];
  for (let i = 0; i < records; i++) {
    if (version === 0 && i % 10 === 3) continue;
    if (version === 1 && i % 10 === 4) continue;
    if (version === 2 && (i % 10 === 5 || i % 10 === 3)) continue;
    const value = i % 7 === 0 ? version : 0;
    lines.push(
      JSON.stringify({ id: `r${String(i)}`, name: 'A', value, text: `Record number ${String(i)} `.repeat(8) }),
    );
  }
  // The same id twice: the later one wins.
  lines.push(JSON.stringify({ id: 'r0', name: 'A', value: 'last', version }));
  for (let i = 0; i < version * 50; i++) lines.push(JSON.stringify({ id: `new${String(i)}`, name: 'A' }));
  return `${lines.join('\n')}\n`;
}

type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly unknown[]>;

type Remote = Readonly<Partial<Record<(typeof TARGET_VICTIMS)[number], RandomTarget>>>;

async function factsOf(query: Query, remote: Remote, job: string, report: RunReport): Promise<Facts> {
  const [task] = report.tasks;
  const table = job.replaceAll('-', '_');
  return {
    outcome: report.outcome,
    error: report.error,
    counts: task?.counts,
    // By type: the names hold the job and ports, and the order follows from the names.
    targets: Object.fromEntries(task?.targets.map(({ name, ...counts }) => [name.split(':')[0], counts]) ?? []),
    table: await query(
      `SELECT count(*)::int AS rows, count(withdrawn_at)::int AS withdrawn,
         md5(string_agg(md5(concat_ws('|', id, record, withdrawn_at IS NULL)), '' ORDER BY id COLLATE "C")) AS digest
       FROM vocabularies.${table}`,
    ),
    changes: await query(
      `SELECT split_part(target, ':', 1) AS type, op, count(*)::int AS n FROM vocab_sync.change WHERE run_id = $1
       GROUP BY 1, op ORDER BY 1, op`,
      [report.run],
    ),
    kept: await query('SELECT published::int, damage FROM vocab_sync.target_size WHERE target = $1', [
      `postgres:${table}`,
    ]),
    ...(await remoteFactsOf(query, remote, job)),
    leftovers: await query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'vocab_sync'::regnamespace AND relkind = 'r'
         AND (relname LIKE 'stage\\_%' OR relname LIKE 'plan\\_%')
       UNION ALL SELECT 'outgoing ' || id FROM vocab_sync.outgoing`,
    ),
  };
}

/** What each target outside the database holds, and how many changes are logged for it over all runs of the job. */
async function remoteFactsOf(query: Query, remote: Remote, job: string): Promise<Facts> {
  const facts: Record<string, unknown> = {};
  for (const [name, target] of Object.entries(remote)) {
    const rows = await query(
      `SELECT count(*)::int AS n FROM vocab_sync.change WHERE split_part(target, ':', 1) = $1
         AND run_id IN (SELECT id FROM vocab_sync.run WHERE job_id = $2)`,
      [target.writer(job)['type'], job],
    );
    facts[factOf(name)] = { ...(await target.stateOf(job)), logged: (rows[0] as { n: number }).n };
  }
  return facts;
}

/**
 * What is the same after a run that was cancelled and another one: the counts of the two are others. A webhook cannot be asked
 * what it did, so it may get a change of each of them.
 */
function contentOf(facts: Facts): Facts {
  const names = ['table', 'kept', 'leftovers', 'search', 'rest', 'solr', 'table_target'];
  return Object.fromEntries(Object.entries(facts).filter(([name]) => names.includes(name)));
}

/** A target that changed records more often, or less often, than the change log says. */
function doublesOf(facts: Facts, besides: readonly string[] = []): string[] {
  return TARGET_VICTIMS.filter((name) => !besides.includes(name)).flatMap((name) => {
    const fact = facts[factOf(name)] as { changes?: number; logged: number } | undefined;
    if (fact?.changes === undefined || fact.changes === fact.logged) return [];
    return [`${name}: it made ${String(fact.changes)} changes, ${String(fact.logged)} are logged`];
  });
}

/** The table of the database has the name `table` already. */
function factOf(target: string): string {
  return target === 'table' ? 'table_target' : target;
}

function differences(expected: Facts, found: Facts): string[] {
  return Object.keys(expected)
    .filter((name) => !isDeepStrictEqual(expected[name], found[name]))
    .map((name) => `${name}: expected ${JSON.stringify(expected[name])}, found ${JSON.stringify(found[name])}`);
}
