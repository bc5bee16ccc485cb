/** From a composed request to a run under way: finds a worker, starts, follows or leaves it. */
import { startRun, type StartedRun } from '../temporal/start-run.ts';
import { webUiLink } from '../temporal/web-ui.ts';
import { writeJson, type CommandContext, type JsonOption } from './command-context.ts';
import type { ComposedRequest } from './compose-request.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { followToEnd } from './follow-to-end.ts';
import type { Servers } from './open-servers.ts';
import { requireWorker } from './require-worker.ts';

export interface StartOptions extends JsonOption {
  readonly detach?: boolean;
}

export async function startAndFollow(
  context: CommandContext,
  servers: Servers,
  composed: Pick<ComposedRequest, 'request' | 'queue'>,
  options: StartOptions,
): Promise<ExitCode> {
  const { request, queue } = composed;
  await requireWorker(context, servers, queue, options.detach === true);
  const started = await startRun(servers.temporal.client, {
    request,
    queue,
    searchAttributes: servers.searchAttributes,
  });
  const link =
    servers.webUi === undefined
      ? null
      : webUiLink(servers.webUi, servers.temporal.namespace, started.workflowId, started.runId);
  context.terminal.say(`Started run ${started.runId}${link === null ? '' : `\n  ${link}`}`);
  if (options.detach === true) return detached(context, request.job, started, link, options);
  return followToEnd(context, servers, { ...started, queue, json: options.json === true });
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
