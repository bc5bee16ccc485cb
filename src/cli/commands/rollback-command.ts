/** `rollback RUN`: restores what a run changed, as a separate run. */
import type { Command } from 'commander';
import { rollbackRun, type RolledBack } from '../../pipeline/undo/rollback-run.ts';
import { notifyChannels } from '../../pipeline/finish/notify-channels.ts';
import { ConfigError, messageOf } from '../../errors.ts';
import { composeSendNotice } from '../servers/compose-send-notice.ts';
import { listPublications } from '../../postgres/ledger/publications.ts';
import type { RunRequest } from '../../records/run.ts';
import { startAndFollow } from '../follow/start-and-follow.ts';
import { openServersFor } from '../servers/require-worker.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import type { Pool } from '../../postgres/pool.ts';
import { jobOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { composeSecrets, composeServices } from '../servers/compose-services.ts';
import { userName } from './run/compose-request.ts';
import { EXIT } from '../exit-code.ts';
import { formatNumber, formatTime } from '../render/format-number.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { printable } from '../render/printable.ts';
import type { Page } from '../render/page.ts';
import { renderReport } from '../render/render-report.ts';
import { shortId } from '../render/short-id.ts';
import { terminalLogger } from '../terminal-logger.ts';

interface RollbackOptions extends JsonOption {
  readonly force?: boolean;
}

export function addRollbackCommand(program: Command, context: CommandContext): void {
  program
    .command('rollback')
    .summary('put back what a run replaced')
    .description(
      `Restores every record that the run inserted, updated, restored or withdrew to its former state, in all targets, in one
transaction. A rollback is a separate run with its own change log, so it can be rolled back too, by its id. It is refused if later runs
changed the same records. Files are written on this machine, at the path in the job. If a target receives changes, a worker sends
them, and the rollback is followed like any run. The next run of the job reads its source again:
if the source was wrong, pause its schedule first.`,
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--force', 'skip the records that later runs changed, and restore the others')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync rollback ror-affiliations@latest', 'vocab-sync rollback 0199d3b2-4c1e --force'),
    )
    .action(async (reference: string, { force, json }: RollbackOptions) => {
      const settings = context.settings();
      const catalog = await loadCatalog(settings);
      const logger = terminalLogger(context.terminal, settings.logLevel === 'debug');
      const resolveSecret = composeSecrets(settings.variable, logger);
      const sendNotice = composeSendNotice(settings, resolveSecret);
      const result = await withLedger(context, async ({ pool, webUi }) => {
        const services = composeServices(settings, logger);
        const engine = { pool, catalog, services, logger, resolveSecret, webUi, sendNotice };
        const run = await findRunToUndo(pool, reference);
        const composed = await composeRollback(pool, run, force === true);
        if (composed !== undefined) return composed;
        const signal = new AbortController().signal;
        const done = await rollbackRun(engine, { run, startedBy: userName(), force: force === true, signal });
        await announce(context, engine, done.report.run);
        return done;
      });
      if ('request' in result) {
        const follow = json === undefined ? {} : { json };
        context.end(
          await openServersFor(context, false, (servers) => startAndFollow(context, servers, result, follow)),
        );
        return;
      }
      const { report, leftOut, samples } = result;
      await (json === true
        ? writeJson(context, { ...report, left_out: { count: leftOut, samples } })
        : context.terminal.write(renderRollback(result, context.terminal.page)));
      context.end(leftOut === 0 ? EXIT.success : EXIT.partial);
    });
}

/**
 * Returns the request of the run in which a worker sends the changes, if a target receives changes. Undefined
 * otherwise.
 */
async function composeRollback(
  pool: Pool,
  id: string,
  leavesOut: boolean,
): Promise<{ readonly request: RunRequest; readonly queue: string } | undefined> {
  const publications = await listPublications(pool, id);
  const run = publications.length === 0 ? undefined : await findRun(pool, id);
  if (run === undefined) return undefined;
  const { queue } = jobOfRun(run);
  const request: RunRequest = {
    job: run.job_id,
    trigger: 'manual',
    mode: 'rollback',
    undoes: run.id,
    startedBy: userName(),
    ...(leavesOut ? { leavesOut } : {}),
  };
  return { request, queue };
}

/**
 * Two operators who undo the latest run at once, or one who does it twice, would undo the undoing, or the run before it:
 * after a rollback neither `@latest` nor `@published` names what is meant.
 */
async function findRunToUndo(pool: Pool, reference: string): Promise<string> {
  const id = await findRunId(pool, reference);
  const job = /^(.+)@(?:latest|published)$/.exec(reference)?.[1];
  const latest = job === undefined ? undefined : await findRun(pool, await findRunId(pool, `${job}@latest`));
  if (latest?.mode !== 'rollback') return id;
  throw new ConfigError(
    'E_ROLLBACK_REFUSED',
    `The latest run of job ${latest.job_id} is itself a rollback, of run ${latest.rolls_back ?? 'unknown'}, by ${latest.started_by ?? 'unknown'} at ${formatTime(latest.started_at.toISOString())}. ` +
      `Nothing was changed. To undo the rollback, name it: vocab-sync rollback ${latest.id}`,
    { details: { run: latest.id, job: latest.job_id } },
  );
}

const NOTICE_MILLISECONDS = 15_000;

/**
 * The rollback is complete even if its notices fail. They are sent from here, once, because a rollback has no workflow.
 */
async function announce(
  { terminal }: CommandContext,
  engine: Parameters<typeof notifyChannels>[0],
  run: string,
): Promise<void> {
  try {
    await notifyChannels(
      engine,
      { run, event: 'rolled_back', about: '' },
      { signal: AbortSignal.timeout(NOTICE_MILLISECONDS) },
    );
  } catch (thrown) {
    terminal.say(`warning: The rollback is done, but not everyone could be notified: ${messageOf(thrown)}`);
  }
}

function renderRollback({ report, leftOut, samples }: RolledBack, page: Page): string {
  const lines = samples.map(
    ({ target, id, changed_by }) =>
      `  ${printable(id)} (${target}): ${changed_by === null ? 'is not there any more' : `changed by run ${shortId(changed_by)}`}\n`,
  );
  const left =
    leftOut === 0
      ? ''
      : `\nLeft as they are, because they were changed later: ${formatNumber(leftOut)}\n${lines.join('')}`;
  return `${renderReport(report, page)}${left}`;
}
