/** Follows an active run to its report on stdout and the exit code, including Ctrl-C. */
import { ConfigError } from '../../errors.ts';
import { reportRun } from '../../pipeline/finish/report-run.ts';
import type { RunFailure, RunReport } from '../../records/run.ts';
import { cancelRun } from '../../temporal/control-run.ts';
import { webUiLink } from '../../temporal/web-ui.ts';
import { writeJson, type CommandContext } from '../command-context.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from '../exit-code.ts';
import { userName } from '../commands/run/compose-request.ts';
import { followRun, type Followed } from './follow-run.ts';
import type { Servers } from '../servers/open-servers.ts';
import { printPlan } from '../render/print-plan.ts';
import { renderReport } from '../render/render-report.ts';
import { shortId } from '../render/short-id.ts';

export interface FollowedRun {
  readonly runId: string;
  readonly workflowId: string;
  readonly queue: string;
  /** See FollowOptions. */
  readonly decided?: string;
}

/** The state of a run when there is nothing more to wait for. */
export type Standing =
  | { readonly kind: 'reported'; readonly report: RunReport }
  /** Refused before it had a row in the ledger. */
  | { readonly kind: 'refused'; readonly error: RunFailure }
  | { readonly kind: 'left' };

/** Follows, and prints what `run` and `plan` print. */
export async function followToEnd(
  context: CommandContext,
  servers: Servers,
  run: FollowedRun & { readonly json: boolean },
): Promise<ExitCode> {
  return printStanding(context, servers, run, await followToReport(context, servers, run));
}

export async function printStanding(
  context: CommandContext,
  servers: Servers,
  run: FollowedRun & { readonly json: boolean },
  standing: Standing,
): Promise<ExitCode> {
  const { terminal } = context;
  if (standing.kind === 'left') return EXIT.interrupted;
  if (standing.kind === 'refused') {
    const { error } = standing;
    terminal.say(`The run ${run.runId} ended before it began: ${error.code}: ${error.message}`);
    if (run.json) await writeJson(context, { run: run.runId, outcome: 'failed', workflow_id: run.workflowId, error });
    return EXIT.failed;
  }
  const { report } = standing;
  if (run.json) await writeJson(context, report);
  else if (report.outcome === null) await printPlan(terminal, servers.pool, servers.catalog, report);
  else await terminal.write(renderReport(report, terminal.page));
  if (servers.ownsWorker && report.web_ui !== null) {
    terminal.say('The Web UI ends with this command; `vocab-sync dev` shows the run again.');
  }
  return exitCodeOfReport(report);
}

export async function followToReport(context: CommandContext, servers: Servers, run: FollowedRun): Promise<Standing> {
  const followed = await followInterruptibly(context, servers, run);
  if (followed.kind === 'left') return followed;
  const report = await reportOf(servers, run, followed);
  if (report !== undefined) return { kind: 'reported', report };
  const error =
    followed.kind === 'closed' ? followed.error : { code: 'E_INTERNAL', message: 'The run left no report.' };
  return { kind: 'refused', error };
}

/** The ledger knows every run but one that was skipped or refused; the result of the workflow knows the former. */
async function reportOf(servers: Servers, run: FollowedRun, followed: Followed): Promise<RunReport | undefined> {
  const webUi = (workflowId: string, id: string): string | null =>
    servers.webUi === undefined ? null : webUiLink(servers.webUi, servers.temporal.namespace, workflowId, id);
  try {
    const report = await reportRun({ pool: servers.pool, webUi }, run.runId);
    if (followed.kind !== 'closed' || report.outcome !== null) return report;
    return { ...report, outcome: followed.outcome, error: followed.error };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return followed.kind === 'ended' ? { ...followed.report, web_ui: webUi(run.workflowId, run.runId) } : undefined;
  }
}

/**
 * The first Ctrl-C asks the run to stop if its servers end with this command; otherwise the run continues. The second
 * Ctrl-C exits at once.
 */
async function followInterruptibly(
  { terminal }: CommandContext,
  servers: Servers,
  run: FollowedRun,
): Promise<Followed> {
  const leave = new AbortController();
  const quiet = terminal.onInterrupt((count) => {
    if (count > 1 || !servers.ownsWorker) {
      terminal.say(
        servers.ownsWorker
          ? 'Leaving. The run resumes at its last checkpoint when servers run in this home again.'
          : `Leaving. The run continues: vocab-sync show ${shortId(run.runId)}; stop it with vocab-sync cancel ${shortId(run.runId)}`,
      );
      leave.abort();
      return;
    }
    terminal.say('Stopping the run, since its servers end with this command. Ctrl-C again leaves at once.');
    cancelRun(servers.temporal.client, run, userName()).catch((error: unknown) => {
      terminal.say(`The run could not be stopped: ${String(error)}`);
      leave.abort();
    });
  });
  try {
    return await followRun({
      client: servers.temporal.client,
      pool: servers.pool,
      terminal,
      signal: leave.signal,
      ...run,
    });
  } finally {
    quiet();
  }
}
