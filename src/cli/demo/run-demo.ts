/** The steps of `demo`. Each is announced before it runs. */
import { join, relative } from 'node:path';
import { readdir } from 'node:fs/promises';
import { InternalError } from '../../errors.ts';
import { findPackageRoot } from '../../job/package-root.ts';
import { keepInstallation } from '../../postgres/ledger/installation.ts';
import { applyMigrations } from '../../postgres/migrate.ts';
import type { Pool } from '../../postgres/pool.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import type { RunMode, RunReport } from '../../records/run.ts';
import { approveRun } from '../../temporal/control-run.ts';
import { startRun } from '../../temporal/start-run.ts';
import { writeJson, type CommandContext } from '../command-context.ts';
import { composeRequest } from '../commands/run/compose-request.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from '../exit-code.ts';
import { followToReport, type FollowedRun, type Standing } from '../follow/follow-to-end.ts';
import { quoteForShell } from '../program-name.ts';
import { withServers, type Servers } from '../servers/open-servers.ts';
import { printPlan } from '../render/print-plan.ts';
import { renderReport } from '../render/render-report.ts';
import { requireWorker } from '../servers/require-worker.ts';
import type { Terminal } from '../terminal.ts';
import { untilInterrupted } from '../until-interrupted.ts';

export interface DemoOptions {
  readonly keep: boolean;
  readonly json: boolean;
}

/** The guards of the shipped job are for the full dump; the sample has a few dozen organisations. */
const SAMPLE_ARGS = { guards: { min_records: 10, max_shrink_percent: 20 } };

export async function runDemo(outer: CommandContext, options: DemoOptions): Promise<ExitCode> {
  const [first, second] = await findSampleDumps();
  const context = ownHome(outer);
  const { terminal } = context;
  return withServers(
    context,
    async (servers) => {
      await startAfresh(servers);
      await requireWorker(context, servers, 'vocab-sync', false);

      terminal.say('\n1. Publish the first sample dump.');
      const published = await start(context, servers, first, 'run');
      const before = await finished(context, servers, published, 'success');
      if (!options.json) await terminal.write(renderReport(before, terminal.page));

      terminal.say('\n2. Plan the second one: what would change?');
      const planned = await start(context, servers, second, 'plan');
      const plan = await finished(context, servers, planned, null);
      if (!options.json) await printPlan(inHome(context), servers.pool, servers.catalog, plan);

      terminal.say('\n3. Approve it.');
      const decided = await waitingUntil(servers.pool, planned);
      await approveRun(servers.temporal.client, planned, { by: 'the demo', reason: 'looked at the plan' });
      const after = await finished(context, servers, { ...planned, ...decided }, 'success');
      await (options.json
        ? writeJson(context, { published: before, planned: plan, approved: after })
        : terminal.write(renderReport(after, terminal.page)));
      await leave(context, servers, options.keep);
      return exitCodeOfReport(after);
    },
    { creates: true },
  ).catch((error: unknown) => {
    if (error instanceof DemoLeft) return EXIT.interrupted;
    throw error;
  });
}

class DemoLeft extends Error {}

/** Configured servers may be in use, so the demo starts its own. */
function ownHome(outer: CommandContext): CommandContext {
  const settings = outer.settings();
  const home = join(settings.home, 'demo');
  const own = {
    ...settings,
    databaseUrl: undefined,
    temporal: undefined,
    namespace: 'default',
    home,
    spool: join(home, 'spool'),
  };
  if (settings.databaseUrl !== undefined || settings.temporal !== undefined) {
    outer.terminal.say('DATABASE_URL and TEMPORAL_ADDRESS are not used: the demo starts its own servers.');
  }
  outer.terminal.say(`The demo lives in ${home}.`);
  return { ...outer, settings: () => own };
}

/** Another terminal finds the servers of the demo by its home. */
function inHome({ terminal, settings, cwd }: CommandContext): Pick<Terminal, 'write' | 'page'> {
  const { program = 'vocab-sync' } = terminal.page;
  const page = { ...terminal.page, program: `${homeAssignment(settings().home, cwd)} ${program}` };
  return { page, write: (text) => terminal.write(text) };
}

function homeAssignment(home: string, cwd: string): string {
  const short = relative(cwd, home);
  return `VOCAB_SYNC_HOME=${quoteForShell(short.startsWith('..') ? home : short)}`;
}

/** Removes what an earlier demo published, because it would not be new now. */
async function startAfresh({ pool, installation }: Servers): Promise<void> {
  await pool.query('DROP SCHEMA IF EXISTS vocab_sync CASCADE');
  await pool.query('DROP SCHEMA IF EXISTS vocabularies CASCADE');
  await applyMigrations(pool);
  await keepInstallation(pool, installation);
}

async function start(context: CommandContext, servers: Servers, input: string, mode: RunMode): Promise<FollowedRun> {
  const job = join(findPackageRoot(), 'config', 'jobs', 'ror-affiliations.json');
  const { request, queue } = await composeRequest(context, servers.catalog, job, mode, {
    input,
    customArgs: JSON.stringify(SAMPLE_ARGS),
    title: mode === 'run' ? 'Demo: the first dump' : 'Demo: the next dump, reviewed',
  });
  const started = await startRun(servers.temporal.client, {
    request,
    queue,
    searchAttributes: servers.searchAttributes,
    installation: servers.installation,
    sign: servers.sign,
  });
  return { ...started, queue };
}

/** Checks that the report of a run is as expected. If it is not, the demo has failed. */
async function finished(
  context: CommandContext,
  servers: Servers,
  run: FollowedRun,
  outcome: RunReport['outcome'],
): Promise<RunReport> {
  const standing = await followToReport(context, servers, run);
  if (standing.kind === 'left') throw new DemoLeft();
  if (standing.kind === 'reported' && standing.report.outcome === outcome) return standing.report;
  if (standing.kind === 'reported') context.terminal.say(renderReport(standing.report));
  throw new InternalError('E_INTERNAL', `Expected the demo to go well, found a run that ${describe(standing)}.`);
}

async function waitingUntil(pool: Pool, { runId }: FollowedRun): Promise<Pick<FollowedRun, 'decided'>> {
  const run = await findRun(pool, runId);
  return run === undefined || run.waiting_until === null ? {} : { decided: run.waiting_until.toISOString() };
}

function describe(standing: Exclude<Standing, { kind: 'left' }>): string {
  if (standing.kind === 'refused') return `was refused: ${standing.error.message}`;
  return `stands as ${standing.report.outcome ?? standing.report.phase}`;
}

async function leave({ terminal, settings, cwd }: CommandContext, servers: Servers, keep: boolean): Promise<void> {
  const later = `  ${homeAssignment(settings().home, cwd)} vocab-sync dev`;
  if (!keep) {
    terminal.say(
      `\nThe servers end with the demo. To look at its runs later, start them and open the link above:\n${later}`,
    );
    return;
  }
  terminal.say(`\nEverything runs: open the link above. Ctrl-C ends it. To start it again later:\n${later}`);
  await untilInterrupted(terminal, new Promise(() => undefined));
  terminal.say(`Stopping Temporal at ${servers.temporalAddress} and PostgreSQL.`);
}

/** In the order of their versions. Throws where the build has not made them. */
/** The two small dumps that `npm run build` makes: a few dozen organisations, and what became of them. */
async function findSampleDumps(
  directory = join(findPackageRoot(), 'dist', 'samples'),
): Promise<readonly [string, string]> {
  const names = await readdir(directory).catch(() => []);
  const [first, second] = names.filter((name) => name.endsWith('.zip')).sort();
  if (first !== undefined && second !== undefined) return [join(directory, first), join(directory, second)];
  throw new InternalError(
    'E_INTERNAL',
    `Expected two sample dumps in ${directory}, found ${String(names.length)} files. Build them: npm run build`,
  );
}
