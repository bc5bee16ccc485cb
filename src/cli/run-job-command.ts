/** What `run` and `plan` do: compose the request, find a worker, start, follow, report. */
import { Option, type Command } from 'commander';
import { explainConfig } from '../job/explain-config.ts';
import type { RunMode } from '../records/run.ts';
import { startRun } from '../temporal/start-run.ts';
import { webUiLink } from '../temporal/web-ui.ts';
import { loadCatalog } from './catalog.ts';
import { JSON_OPTION, writeJson, type CommandContext, type JsonOption } from './command-context.ts';
import { composeRequest, type ComposedRequest, type RequestOptions } from './compose-request.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { followToEnd } from './follow-to-end.ts';
import { openServersFor, requireWorker } from './require-worker.ts';
import { renderExplained } from './render-explained.ts';

export interface RunOptions extends RequestOptions, JsonOption {
  readonly explain?: boolean;
  readonly detach?: boolean;
}

/** `--arg year=2026 --arg programme=HE` */
export function argumentOption(): Option {
  return new Option('--arg <name=value>', 'a value of an argument that the job declares; may be given again').argParser(
    (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
  );
}

export function addRunOptions(command: Command): Command {
  return command
    .argument(
      '<job>',
      'the path of a job file, or a name: a file of your config/jobs or jobs, else a stored job, else a shipped one',
    )
    .option('--input <path>', 'a file that stands in for the source of the job; - reads stdin')
    .option('--since <time>', 'what to read from: YYYY-MM-DD HH:mm, ISO 8601, a date, "2 days", or none')
    .option('--title <text>', 'what the run is called in lists')
    .addOption(argumentOption())
    .option('--custom-args <json>', 'a JSON object laid over the job config, or @FILE')
    .option('--force', 'read even a source that is known to be unchanged')
    .option('--explain', 'print the effective config and where each value comes from; start nothing')
    .option('--detach', 'start the run and leave it to a worker')
    .option('--queue <name>', 'another task queue than that of the job')
    .option(...JSON_OPTION);
}

export async function runJobCommand(
  context: CommandContext,
  job: string,
  mode: RunMode,
  options: RunOptions,
): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings().plugins);
  const composed = await composeRequest(context, catalog, job, mode, options);
  if (options.explain === true) {
    const since = options.since === undefined ? {} : { since: options.since };
    const values = explainConfig({ effective: composed.effective, catalog, ...since });
    await (options.json === true ? writeJson(context, { values }) : context.terminal.write(renderExplained(values)));
    return EXIT.success;
  }
  return openServersFor(context, options.detach === true, async (servers) => {
    await requireWorker(context, servers, composed.queue, options.detach === true);
    const { client } = servers.temporal;
    const started = await startRun(client, {
      request: composed.request,
      queue: composed.queue,
      searchAttributes: servers.searchAttributes,
    });
    const link =
      servers.webUi === undefined
        ? null
        : webUiLink(servers.webUi, servers.temporal.namespace, started.workflowId, started.runId);
    context.terminal.say(`Started run ${started.runId}${link === null ? '' : `\n  ${link}`}`);
    if (options.detach === true) return detached(context, composed, started, link, options);
    return followToEnd(context, servers, { ...started, queue: composed.queue, json: options.json === true });
  });
}

async function detached(
  context: CommandContext,
  { request }: ComposedRequest,
  { runId, workflowId }: { readonly runId: string; readonly workflowId: string },
  link: string | null,
  { json }: JsonOption,
): Promise<ExitCode> {
  if (json === true) await writeJson(context, { run: runId, job: request.job, workflow_id: workflowId, web_ui: link });
  else await context.terminal.write(`${runId}\n`);
  return EXIT.success;
}
