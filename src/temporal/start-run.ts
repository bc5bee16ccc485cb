/** Starting a run by hand. */
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { runJob } from '../../workflows/run-job.ts';
import { LAST_LINE, escaped } from '../../workflows/details-text.ts';
import { VOCAB_JOB } from '../../workflows/search-attributes.ts';
import { InternalError } from '../errors.ts';
import { isDriftMode, type RunRequest } from '../records/run.ts';
import { failingAs } from './client.ts';

export interface StartRunOptions {
  readonly request: RunRequest;
  /** The task queue of the job. */
  readonly queue: string;
  /** False where the namespace has no search attributes for us. Default: what the request says, else true. */
  readonly searchAttributes?: boolean;
  /** Whose run it is. Absent: that of the worker that takes it up. */
  readonly installation?: string | undefined;
  /** Makes the signature of the request for a workflow id. */
  readonly sign?: ((workflowId: string, request: RunRequest) => string) | undefined;
  /** Replaces the time of the start in tests. */
  readonly now?: Date;
}

export interface StartedRun {
  readonly workflowId: string;
  /** The run id of the ledger, of `vocab-sync show` and of the first execution in Temporal. */
  readonly runId: string;
}

const MOST_STARTS_IN_A_SECOND = 50;

/** Returns when Temporal has written the start down; no worker needs to be there. Throws ConfigError or UnavailableError. */
export async function startRun(client: Client, options: StartRunOptions): Promise<StartedRun> {
  const { request } = options;
  const stem = `vocab-sync/${request.job}/${compactTime(options.now ?? new Date())}`;
  for (let count = 1; count <= MOST_STARTS_IN_A_SECOND; count += 1) {
    const workflowId = count === 1 ? stem : `${stem}-${String(count)}`;
    const runId = await startAs(client, options, workflowId);
    if (runId !== undefined) return { workflowId, runId };
  }
  throw new InternalError(
    'E_INTERNAL',
    `More than ${String(MOST_STARTS_IN_A_SECOND)} runs of ${request.job} were started in one second.`,
  );
}

/** Returns undefined if another run, active or closed, has this id. */
async function startAs(client: Client, options: StartRunOptions, workflowId: string): Promise<string | undefined> {
  const searchAttributes = options.searchAttributes ?? options.request.searchAttributes ?? true;
  const content: RunRequest = {
    ...options.request,
    searchAttributes,
    ...(options.installation === undefined ? {} : { installation: options.installation }),
  };
  const request: RunRequest =
    options.sign === undefined ? content : { ...content, signature: options.sign(workflowId, content) };
  const title = request.title ?? request.job;
  return failingAs(`start a run of ${request.job}`, async () => {
    try {
      const handle = await client.workflow.start<typeof runJob>('runJob', {
        workflowId,
        taskQueue: options.queue,
        args: [request],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: summaryOf(request),
        staticDetails: detailsOf(request),
        memo: { title, ...(request.startedBy === undefined ? {} : { started_by: request.startedBy }) },
        ...(searchAttributes ? { typedSearchAttributes: [{ key: VOCAB_JOB, value: request.job }] } : {}),
      });
      return handle.firstExecutionRunId;
    } catch (thrown) {
      if (thrown instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      throw thrown;
    }
  });
}

/** One line, Markdown: `ror-affiliations, plan, from v2.9-2026-06-23-ror-data.zip`. */
function summaryOf({ title, job, mode, input }: RunRequest): string {
  const parts = [
    title ?? job,
    ...(mode === 'plan' ? ['plan'] : []),
    ...(mode === 'retry' ? ['retry of rejections'] : []),
    ...(isDriftMode(mode) ? [mode] : []),
    ...(input === undefined ? [] : [`from ${input.name}`]),
  ];
  return escaped(Array.from(parts.join(', ')).slice(0, 150).join(''));
}

/** What was asked for, as Markdown for the Web UI. Custom args are shown by their names: the input has them whole. */
function detailsOf(request: RunRequest): string {
  const lines = [
    `- job: ${escaped(request.job)}`,
    `- mode: ${modeOf(request)}`,
    ...(request.startedBy === undefined ? [] : [`- started by: ${escaped(request.startedBy)}`]),
    ...(request.since === undefined ? [] : [`- since, by hand: ${escaped(request.since)}`]),
    ...(request.input === undefined ? [] : [`- input: ${escaped(request.input.name)}`]),
    ...(request.args === undefined ? [] : [`- arguments: ${escaped(Object.keys(request.args).join(', '))}`]),
    ...(request.customArgs === undefined
      ? []
      : [`- custom args: ${escaped(Object.keys(request.customArgs).join(', '))}`]),
    ...(request.target === undefined ? [] : [`- target: ${escaped(request.target)}`]),
    ...(request.sample === undefined ? [] : [`- sample: ${String(request.sample)} records`]),
    ...(request.onChanged === undefined ? [] : [`- records held differently: ${request.onChanged}`]),
    ...(request.onForeign === undefined ? [] : [`- foreign records: ${request.onForeign}`]),
    ...(request.force === true ? ['- reads even an unchanged source'] : []),
  ];
  return lines.join('\n') + LAST_LINE;
}

function modeOf({ mode, retries }: RunRequest): string {
  if (mode === 'retry') return `retry of what run ${escaped(retries ?? '')} rejected`;
  if (isDriftMode(mode)) return mode;
  return mode === 'plan' ? 'plan, publishes after `approve`' : 'run';
}

/** 20261121T113355Z */
function compactTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
