/** From a composed request to a run under way: finds a worker, starts, follows or leaves it. */
import { startRun, type StartedRun } from '../../temporal/start-run.ts';
import { webUiLink } from '../../temporal/web-ui.ts';
import { writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import type { ComposedRequest } from '../commands/run/compose-request.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { followToReport, printStanding } from './follow-to-end.ts';
import type { Servers } from '../servers/open-servers.ts';
import { requireWorker } from '../servers/require-worker.ts';
import { waitUntilFree } from './wait-until-free.ts';

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
