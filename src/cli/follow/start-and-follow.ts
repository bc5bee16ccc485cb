/** Starts a run from a composed request: checks for a worker, starts the run, and follows it or returns. */
import { setTimeout as delay } from 'node:timers/promises';
import { startRun, type StartedRun } from '../../temporal/start-run.ts';
import { webUiLink } from '../../temporal/web-ui.ts';
import { findHolder, type RunRow } from '../../postgres/ledger/run-rows.ts';
import { workflowStatus } from '../../temporal/run-status.ts';
import { writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import type { ComposedRequest } from '../commands/run/compose-request.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { followToReport, printStanding } from './follow-to-end.ts';
import type { Servers } from '../servers/open-servers.ts';
import { requireWorker } from '../servers/require-worker.ts';
import { formatTime } from '../render/format-number.ts';
import { shortId } from '../render/short-id.ts';

export interface StartOptions extends JsonOption {
  readonly detach?: boolean;
  /** Waits while another run holds the job, instead of being skipped. */
  readonly wait?: boolean;
}

type Composed = Pick<ComposedRequest, 'request' | 'queue'>;

export async function startAndFollow(
  context: CommandContext,
  servers: Servers,
  composed: Composed,
  options: StartOptions,
): Promise<ExitCode> {
  const { request, queue } = composed;
  await requireWorker(context, servers, queue, options.detach === true);
  for (;;) {
    if (options.wait === true && !(await waitUntilFree(context, servers, request.job))) return EXIT.interrupted;
    const { started, link } = await start(context, servers, composed);
    if (options.detach === true) return detached(context, request.job, started, link, options);
    const run = { ...started, queue, json: options.json === true };
    const standing = await followToReport(context, servers, run);
    const held = standing.kind === 'reported' ? standing.report.held_by : undefined;
    if (options.wait !== true || held === undefined) return printStanding(context, servers, run, standing);
    context.terminal.say(`Run ${held.run} was faster; waiting again`);
  }
}

async function start(
  { terminal }: CommandContext,
  servers: Servers,
  { request, queue }: Composed,
): Promise<{ started: StartedRun; link: string | null }> {
  const { client, namespace } = servers.temporal;
  const { searchAttributes, installation, sign } = servers;
  const started = await startRun(client, { request, queue, searchAttributes, installation, sign });
  const link =
    servers.webUi === undefined ? null : webUiLink(servers.webUi, namespace, started.workflowId, started.runId);
  terminal.say(`Started run ${started.runId}${link === null ? '' : `\n  ${link}`}`);
  return { started, link };
}

async function detached(
  context: CommandContext,
  job: string,
  { runId, workflowId }: StartedRun,
  link: string | null,
  { json }: JsonOption,
): Promise<ExitCode> {
  if (json === true) await writeJson(context, { run: runId, job, workflow_id: workflowId, web_ui: link });
  else await context.terminal.write(`${runId}\n`);
  return EXIT.success;
}

const POLL_MILLISECONDS = 500;

/** False when the operator left; then nothing was started. */
/** Waits until no other run holds the job, for `--wait`. */
async function waitUntilFree({ terminal }: CommandContext, { pool, temporal }: Servers, job: string): Promise<boolean> {
  const leave = new AbortController();
  let told = '';
  const quiet = terminal.onInterrupt(() => {
    leave.abort();
  });
  try {
    for (;;) {
      const holder = await findHolder(pool, job);
      if (leave.signal.aborted) {
        terminal.say('Leaving; nothing was started.');
        return false;
      }
      if (holder === undefined) return true;
      // One whose workflow is closed is taken over by the next run, which need not wait.
      const status = await workflowStatus(temporal.client, { workflowId: holder.workflow_id, runId: holder.id });
      if (status !== 'running') return true;
      const line = describe(holder);
      if (line !== told) terminal.say(line);
      told = line;
      await delay(POLL_MILLISECONDS);
    }
  } finally {
    quiet();
  }
}

function describe({ id, job_id, phase, started_by, trigger, waiting_until: until }: RunRow): string {
  const by = trigger === 'schedule' ? 'its schedule' : (started_by ?? 'unknown');
  const head = `Waiting for run ${id} of ${job_id}, started by ${by}`;
  if (until === null || phase !== 'waiting') return head;
  return `${head}; it waits for approval until ${formatTime(until.toISOString())}: vocab-sync approve ${shortId(id)}, or discard`;
}
