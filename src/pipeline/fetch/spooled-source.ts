/** The files of a source: fetched into the spool, fetched again where they are missing, and what the run reports about them. */
import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { FetchContext, FetchedFile, SourceVersion, Warning } from '../../component/reader.ts';
import type { TaskSource } from '../../records/source.ts';
import { SourceError, componentFailure } from '../../errors.ts';
import { requireTask, saveFetchWarnings } from '../../postgres/ledger/run-rows.ts';
import type { SourceReport } from '../../records/run.ts';
import { createTally, tallyWarning } from '../../records/tally.ts';
import type { Engine } from '../engine.ts';
import { fetchLookups, sourceFiles } from './lookups.ts';
import type { OpenTask } from '../open-task.ts';
import type { StepContext } from '../run-steps.ts';
import { cleanSample } from '../stage/transform-items.ts';

/** Returns the files of a source that was fetched before, here or on another machine. Fetches missing files again. */
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
export function digestOf(files: readonly FetchedFile[]): string {
  const [first] = files;
  if (files.length === 1 && first !== undefined) return first.digest;
  return `sha256:${hash('sha256', files.map((file) => file.digest).join('\n'), 'hex')}`;
}

export async function fetchFiles(
  engine: Engine,
  task: OpenTask,
  version: SourceVersion,
  context: StepContext,
  known: readonly FetchedFile[] = [],
): Promise<readonly FetchedFile[]> {
  if (known.length > 0 && (await allUntouched(known))) return known;
  const { reader, args } = task.source;
  const files = await keepingWarnings(engine, task, context, async (fetching) => {
    const fetched = await ofReader(reader.type, context, () => reader.fetch(version, args, fetching));
    return [...fetched, ...(await fetchLookups(task.transformers, version, fetching))];
  });
  return Promise.all(files.map(async (file) => ({ ...file, mtimeMs: (await stat(file.path)).mtimeMs })));
}

export async function ofReader<T>(type: string, { signal }: StepContext, call: () => Promise<T>): Promise<T> {
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

/** Adds the warnings of the reader to the report of the run, also if reading fails. */
export async function keepingWarnings<T>(
  engine: Engine,
  task: OpenTask,
  context: StepContext,
  work: (fetching: FetchContext) => Promise<T>,
): Promise<T> {
  const found: Warning[] = [];
  const fetching = fetchContext(engine, task, context, (warning) => {
    if (found.length < MOST_WARNINGS) found.push(warning);
  });
  try {
    return await work(fetching);
  } finally {
    if (found.length > 0) await addToReport(engine, task, found);
  }
}

/** The limit for one step. A reader warns of a source or a page, not of records. */
const MOST_WARNINGS = 1000;

/** A reader gives the same warning at each attempt. It counts once. */
async function addToReport(engine: Engine, task: OpenTask, found: readonly Warning[]): Promise<void> {
  const { fetch_warnings: before } = await requireTask(engine.pool, task.run.id, task.row.name);
  const tally = createTally();
  for (const [code, { count, samples }] of Object.entries(before ?? {}))
    tally.warnings[code] = { count, samples: [...samples] };
  for (const { code, message } of found) {
    const sample = cleanSample(message);
    if (tally.warnings[code]?.samples.includes(sample) !== true) tallyWarning(tally, code, sample);
  }
  await saveFetchWarnings(engine.pool, task.row, tally.warnings);
}

function fetchContext(
  engine: Engine,
  task: OpenTask,
  context: StepContext,
  keep: (warning: Warning) => void,
): FetchContext {
  const { since, since_origin: origin } = task.run;
  return {
    since: since === null || origin === null ? undefined : { time: since, origin },
    signal: context.signal,
    services: engine.services,
    warn: (warning: Warning) => {
      engine.logger.warn(warning.message, { run: task.run.id, job: task.run.job_id, code: warning.code });
      keep(warning);
    },
    onProgress: ({ bytes, total }) => {
      context.onProgress({ step: 'fetch', bytes, ...(total === undefined ? {} : { totalBytes: total }) });
    },
  };
}
