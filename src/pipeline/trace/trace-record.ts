/** One record of one run, from its origin through each transformer to what became of it in each target. */
import { stat } from 'node:fs/promises';
import { ConfigError } from '../../errors.ts';
import { parseChain } from '../../job/effective/parse-chain.ts';
import { taskDigest } from '../../job/effective/task-digest.ts';
import {
  readRecordHistory,
  readRecordRejections,
  type RecordRejection,
  type RecordVersion,
} from '../../postgres/ledger/record-history.ts';
import { listLayers, partName } from '../../postgres/publish/layer-rows.ts';
import { taskOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findRun, listTasks, type RunRow, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import type { FetchedFile } from '../../records/source.ts';
import type { Engine } from '../engine.ts';
import { idOf, traceEntries, type TracedEntry } from './trace-entries.ts';

export interface TaskTrace {
  readonly task: string;
  readonly source: string | null;
  /** Why the source could not be read again; then there are no entries, and the ledger alone speaks. */
  readonly gone: string | null;
  /** The components are of other versions than those of the run: the steps are what today's make of it. */
  readonly drifted: boolean;
  readonly entries: readonly TracedEntry[];
  readonly changes: readonly RecordVersion[];
  readonly rejections: readonly RecordRejection[];
  /** The run ended, or waits, without publishing this task. */
  readonly published: boolean;
}

export interface TraceInput {
  readonly run: string;
  readonly id: string;
  readonly signal: AbortSignal;
}

type TraceEngine = Pick<Engine, 'pool' | 'catalog' | 'services' | 'resolveSecret' | 'recordCheck'>;

/** Reads the source of the run again, from the spool of this machine. Throws E_RUN_NOT_FOUND, and what readers throw. */
export async function traceRecord(engine: TraceEngine, input: TraceInput): Promise<readonly TaskTrace[]> {
  const run = await findRun(engine.pool, input.run);
  if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${input.run} is not in the ledger.`);
  const traces: TaskTrace[] = [];
  for (const row of await listTasks(engine.pool, run.id)) traces.push(await traceTask(engine, run, row, input));
  return traces;
}

async function traceTask(engine: TraceEngine, run: RunRow, row: TaskRow, input: TraceInput): Promise<TaskTrace> {
  const task = taskOfRun(run, row.name);
  const gone = await whyGone(run, row);
  const entries =
    task === undefined || gone !== null
      ? []
      : await traceEntries(
          {
            chain: await parseChain(task, engine.catalog, engine.resolveSecret),
            check: task.vocabulary === undefined ? undefined : engine.recordCheck(task.vocabulary),
            files: row.source?.files ?? [],
            since:
              run.since === null || run.since_origin === null
                ? undefined
                : { time: run.since, origin: run.since_origin },
            services: engine.services,
            signal: input.signal,
          },
          input.id,
        );
  const ids = idsOf(entries, input.id);
  const targets = await targetsOf(engine, run, row);
  const histories = await Promise.all(ids.map((id) => readRecordHistory(engine.pool, id, targets)));
  const rejections = await readRecordRejections(engine.pool, run.id, input.id);
  return {
    task: row.name,
    source: row.source?.version.name ?? null,
    gone,
    drifted: task !== undefined && gone === null && taskDigest(task, engine.catalog) !== row.digest,
    entries,
    changes: histories.flat().filter((change) => change.run === run.id && change.task === row.name),
    rejections: rejections.filter((rejection) => rejection.task === row.name),
    published: row.applied_at !== null,
  };
}

/** With the places where a layer of the job keeps its parts, which may wait for their record. */
async function targetsOf({ pool }: TraceEngine, run: RunRow, row: TaskRow): Promise<readonly string[]> {
  const names = Object.keys(row.targets ?? {});
  const layers = (await listLayers(pool, names)).filter(({ job }) => job === run.job_id);
  return [...names, ...layers.map(({ target, name }) => partName(target, name))];
}

/** The ids that the entries were published or withdrawn under; what was asked for may be the id at the source, or an origin. */
function idsOf(entries: readonly TracedEntry[], asked: string): readonly string[] {
  const named = entries.map(({ result }) => idOf(result)).filter((id) => id !== undefined);
  return [...new Set([asked, ...named])];
}

async function whyGone(run: RunRow, { source }: TaskRow): Promise<string | null> {
  if (run.mode === 'rollback') return 'a rollback reads no source';
  if (run.mode === 'verify' || run.mode === 'resync') return `a run of ${run.mode} reads no source`;
  if (source === null) return 'the run did not come to fetch it';
  if (source.files === undefined) return 'the run found nothing new in it and did not fetch it';
  for (const file of source.files) {
    if (await isUntouched(file)) continue;
    return `${file.path} is not on this machine any more, or is not the file that the run read`;
  }
  return null;
}

async function isUntouched({ path, bytes, mtimeMs }: FetchedFile): Promise<boolean> {
  return stat(path).then(
    (found) => found.size === bytes && (mtimeMs === undefined || found.mtimeMs === mtimeMs),
    () => false,
  );
}
