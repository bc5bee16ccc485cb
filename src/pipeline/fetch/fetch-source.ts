/** The second step: find the newest version of the source, tell whether it is new, and have its files on this machine. */
import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { FetchContext, FetchedFile, SourceVersion, Warning } from '../../component/reader.ts';
import { SourceError, componentFailure } from '../../errors.ts';
import { redactClipped } from '../../logging/redact.ts';
import { lastPublished, type PublishedSource } from '../../postgres/ledger/last-published.ts';
import { saveSource, saveTaskOutcome, type TaskRow, type TaskSource } from '../../postgres/ledger/run-rows.ts';
import { findVersionRead } from '../../postgres/ledger/watermark.ts';
import { withClient } from '../../postgres/pool.ts';
import { targetExists } from '../../postgres/publish/target.ts';
import type { SourceReport } from '../../records/run.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { freezeParts } from './freeze-parts.ts';
import { inspectTargets, writeFilesAgain, type Inspection } from './inspect-targets.ts';
import { fetchLookups, locateLookups, sourceFiles, withLookups } from './lookups.ts';
import { partsToStage } from './plan-parts.ts';
import { preflightTargets } from './preflight-targets.ts';
import { openTask, targetsOf, type OpenTask } from '../open-task.ts';
import type { Fetched, StepContext, TaskInput } from '../run-steps.ts';

const LONGEST_NAME = 500;

export async function fetchSource(engine: Engine, input: TaskInput, context: StepContext): Promise<Fetched> {
  await enterPhase(engine, input.run, 'fetch');
  const task = await openTask(engine, input);
  if (task.row.applied_at !== null) return publishedBefore(task.row);
  await preflightTargets(engine, task.run.job_id, task.writers, context.signal);
  const inspection = await inspectTargets(engine, task);
  const published = inspection.damages.length > 0 ? undefined : await findPublished(engine, task);
  const located = task.row.source?.version ?? (await locate(engine, task, context));
  if ('nothingNew' in located) return unchanged(engine, task, inspection, located.nothingNew, undefined);
  await saveSource(engine.pool, task.row, { ...task.row.source, version: located });
  if (published !== undefined && located.identity !== undefined && located.identity === published.identity) {
    return unchanged(
      engine,
      task,
      inspection,
      `${located.name} is what was published last, by its identity at the source`,
      published.source ?? undefined,
    );
  }
  const files = await fetchFiles(engine, task, located, context);
  const digest = digestOf(files);
  const whole = { version: located, files };
  if (published?.digest === digest) {
    await saveSource(engine.pool, task.row, whole, digest);
    return unchanged(engine, task, inspection, `${located.name} is what was published last, byte for byte`, whole);
  }
  const source = await freezeParts(engine, task, whole, digest, context);
  await saveSource(engine.pool, task.row, source, digest);
  return { kind: 'fetched', source: toSourceReport(source), partitions: [...partsToStage(source).keys()] };
}

/** The workflow was reset behind its publication: what it did stands, and so do its outcome and its counts. */
function publishedBefore({ source }: TaskRow): Fetched {
  const report = source === null ? null : toSourceReport(source);
  return { kind: 'unchanged', reason: 'this run had published it before its workflow was reset', source: report };
}

/** The files of a source that was fetched before, here or on another machine; what is missing here is fetched again. */
export async function ensureFiles(
  engine: Engine,
  task: OpenTask,
  context: StepContext,
): Promise<readonly FetchedFile[]> {
  const { source } = task.row;
  if (source?.files === undefined)
    throw new SourceError('E_SOURCE_CHANGED', `Task ${task.row.name} has no fetched source; run it again.`);
  const files = await fetchFiles(engine, task, source.version, context, source.files);
  const digest = digestOf(files);
  if (digest !== task.row.source_digest) {
    throw new SourceError(
      'E_SOURCE_CHANGED',
      `${source.version.name} changed while the run was under way: expected ${task.row.source_digest ?? 'no digest'}, found ${digest}. Run again.`,
    );
  }
  return files;
}

export function toSourceReport(source: TaskSource): SourceReport {
  const files = sourceFiles(source.files ?? []);
  return {
    name: source.version.name,
    version: source.version.version,
    digest: files.length === 0 ? (source.version.identity ?? '') : digestOf(files),
    bytes: files.length === 0 ? (source.version.bytes ?? 0) : files.reduce((sum, file) => sum + file.bytes, 0),
  };
}

/** One file: its own digest. Several: the digest of their digests, in order. */
function digestOf(files: readonly FetchedFile[]): string {
  const [first] = files;
  if (files.length === 1 && first !== undefined) return first.digest;
  return `sha256:${hash('sha256', files.map((file) => file.digest).join('\n'), 'hex')}`;
}

/** The last publication counts only while all its targets exist, and never if the operator forces the run. */
async function findPublished(engine: Engine, task: OpenTask): Promise<PublishedSource | undefined> {
  if (task.run.forced) return undefined;
  return withClient(engine.pool, async (client) => {
    for (const target of targetsOf(task)) if (!(await targetExists(client, target))) return undefined;
    return lastPublished(client, task.run.job_id, task.row.name, task.row.digest);
  });
}

async function locate(
  engine: Engine,
  task: OpenTask,
  context: StepContext,
): Promise<SourceVersion | { nothingNew: string }> {
  const fetching = fetchContext(engine, task, context);
  const previous = await findPrevious(engine, task);
  const locating = previous === undefined ? fetching : { ...fetching, previous };
  const { reader, args } = task.source;
  const located = await ofReader(reader.type, context, () => reader.locate(args, locating));
  if ('nothingNew' in located) return { nothingNew: redactClipped(located.nothingNew, LONGEST_NAME) };
  // They are kept with the run and shown.
  const shown = {
    name: redactClipped(located.name, LONGEST_NAME),
    version: redactClipped(located.version, LONGEST_NAME),
  };
  return withLookups(
    { ...located, ...shown },
    await locateLookups(task.transformers, fetching, { mayLack: task.run.has_input }),
  );
}

async function findPrevious(engine: Engine, { run, row, job }: OpenTask): Promise<SourceVersion | undefined> {
  if (run.since_origin !== 'watermark') return undefined;
  return findVersionRead(engine.pool, { job: run.job_id, task: row.name, acceptPartial: job.accept_partial });
}

async function fetchFiles(
  engine: Engine,
  task: OpenTask,
  version: SourceVersion,
  context: StepContext,
  known: readonly FetchedFile[] = [],
): Promise<readonly FetchedFile[]> {
  if (known.length > 0 && (await allUntouched(known))) return known;
  const fetching = fetchContext(engine, task, context);
  const { reader, args } = task.source;
  const fetched = await ofReader(reader.type, context, () => reader.fetch(version, args, fetching));
  const files = [...fetched, ...(await fetchLookups(task.transformers, version, fetching))];
  return Promise.all(files.map(async (file) => ({ ...file, mtimeMs: (await stat(file.path)).mtimeMs })));
}

async function ofReader<T>(type: string, { signal }: StepContext, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw componentFailure(`reader "${type}"`, thrown);
  }
}

/** Whether the files are here as they were when they were fetched: another one may have been put in their place. */
async function allUntouched(files: readonly FetchedFile[]): Promise<boolean> {
  const isUntouched = ({ path, bytes, mtimeMs }: FetchedFile): Promise<boolean> =>
    stat(path).then(
      (found) => found.size === bytes && found.mtimeMs === mtimeMs,
      () => false,
    );
  return (await Promise.all(files.map(isUntouched))).every(Boolean);
}

function fetchContext(engine: Engine, task: OpenTask, context: StepContext): FetchContext {
  const { since, since_origin: origin } = task.run;
  return {
    since: since === null || origin === null ? undefined : { time: since, origin },
    signal: context.signal,
    services: engine.services,
    warn: (warning: Warning) => {
      engine.logger.warn(warning.message, { run: task.run.id, job: task.run.job_id, code: warning.code });
    },
    onProgress: ({ bytes, total }) => {
      context.onProgress({ step: 'fetch', bytes, ...(total === undefined ? {} : { totalBytes: total }) });
    },
  };
}

async function unchanged(
  engine: Engine,
  task: OpenTask,
  { files }: Inspection,
  reason: string,
  source: TaskSource | undefined,
): Promise<Fetched> {
  const report = source === undefined ? null : toSourceReport(source);
  if (files.length === 0 || task.run.mode === 'plan') {
    await saveTaskOutcome(engine.pool, task.run.id, task.row.name, 'unchanged');
    return { kind: 'unchanged', reason, source: report };
  }
  await writeFilesAgain(engine, task, files);
  await saveTaskOutcome(engine.pool, task.run.id, task.row.name, 'success');
  const names = files.map(({ target }) => target.name).join(', ');
  return { kind: 'unchanged', reason: `${reason}; ${names} was written again`, source: report };
}
