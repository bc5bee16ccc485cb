/**
 * Looks at the targets of a task before its source is fetched. A run that finds nothing new must not end as `unchanged`
 * while its targets were emptied or edited by hand.
 */
import type { SnapshotSink } from '../../component/writer.ts';
import { lastTargets, listWaiting } from '../../postgres/ledger/last-published.ts';
import { saveFetchWarnings } from '../../postgres/ledger/run-rows.ts';
import type { WarningCount } from '../../records/counts.ts';
import { inTransaction } from '../../postgres/pool.ts';
import { lockForPublishing } from '../../postgres/publish/target.ts';
import type { Engine } from '../engine.ts';
import { measureTargets } from '../measure-targets.ts';
import { publishedTarget, type OpenTarget, type OpenTask } from '../open-task.ts';
import { writeSnapshot } from '../publish/write-snapshot.ts';

/** The warning of a run that met a target which was edited by hand. */
const EDITED = 'W_TARGET_EDITED';

/** The warning of a run that publishes into another target than the last one. */
const MOVED = 'W_TARGET_CHANGED';

export interface Inspection {
  /** The source must be read again even if it is unchanged: records are missing, edited, or can be sent only now. */
  readonly readsAgain: boolean;
  /** Records that still wait for what they refer to. */
  readonly waiting: number;
  /** The records are there, only the file of them is not. */
  readonly files: readonly OpenTarget[];
}

/** Leaves a warning in the report of the run for each target that was edited, and for one that took the place of another. */
export async function inspectTargets(engine: Engine, task: OpenTask, signal: AbortSignal): Promise<Inspection> {
  const states = await measureTargets(engine.pool, task);
  const damages = [...states.values()].flatMap(({ damage }) => damage ?? []);
  const files: OpenTarget[] = [];
  const causes: string[] = [];
  for (const target of task.targets) {
    const { snapshot } = target;
    if ((states.get(publishedTarget(target).name)?.published ?? 0) === 0) continue;
    const context = { job: target.fileJob, buckets: engine.services.s3.target, signal };
    const cause = await snapshot?.writer.inspect?.(snapshot.args, context);
    if (cause === undefined) continue;
    files.push(target);
    causes.push(cause);
  }
  await warn(engine, task, {
    [EDITED]: [...damages, ...causes].map((cause) => `${cause}. ${consequence(task)}`),
    [MOVED]: await findMoved(engine, task),
  });
  const references = await lookForReferences(engine, task, signal);
  return { readsAgain: damages.length > 0 || references.resolved > 0, waiting: references.waiting, files };
}

async function warn(
  engine: Engine,
  { run, row }: OpenTask,
  found: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const warnings = Object.entries(found).filter(([, messages]) => messages.length > 0);
  if (warnings.length === 0) return;
  for (const [code, messages] of warnings) {
    for (const message of messages) engine.logger.warn(message, { run: run.id, job: run.job_id, code });
  }
  const counted = warnings.map(([code, samples]): [string, WarningCount] => [code, { count: samples.length, samples }]);
  await saveFetchWarnings(engine.pool, row, Object.fromEntries<WarningCount>(counted));
}

/** A target is bound to another one by a setting of a worker, so it can change without an edit of the job. */
async function findMoved({ pool }: Engine, task: OpenTask): Promise<readonly string[]> {
  const names = task.targets.map((target) => publishedTarget(target).name);
  const before = (await lastTargets(pool, task.run.job_id, task.row.name)) ?? names;
  const added = names.filter((name) => !before.includes(name));
  const left = before.filter((name) => !names.includes(name));
  if (added.length === 0 || left.length === 0) return [];
  return [
    `The last run published into ${left.join(', ')}; this one publishes into ${added.join(', ')}. The old targets keep their records, which are no longer kept up to date`,
  ];
}

/** The limit for one run. Later runs look at the rest. */
const MOST_WAITING = 5000;

/** Records that a target rejected because of a missing reference are sent again as soon as it exists. */
async function lookForReferences(
  { pool, services, logger }: Engine,
  task: OpenTask,
  signal: AbortSignal,
): Promise<{ readonly waiting: number; readonly resolved: number }> {
  const job = task.run.job_id;
  const context = { job, api: services.api, buckets: services.s3.target, signal };
  const sum = { waiting: 0, resolved: 0 };
  for (const opened of task.targets) {
    const { changes } = opened;
    const target = publishedTarget(opened);
    if (changes?.writer.countResolved === undefined) continue;
    const waiting = await listWaiting(pool, { job, task: task.row.name, target: target.name }, MOST_WAITING);
    if (waiting.length === 0) continue;
    const resolved = await changes.writer.countResolved(changes.args, waiting, context);
    logger.info('Records wait for the records that they refer to.', {
      ...{ run: task.run.id, job, target: target.name, waiting: waiting.length, resolved },
    });
    sum.waiting += waiting.length;
    sum.resolved += resolved;
  }
  return sum;
}

function consequence({ run }: OpenTask): string {
  return run.mode === 'plan' ? 'A run publishes it again' : 'It is published again';
}

/** Writes the files again from the records in the database; the source is not needed for it. */
export async function writeFilesAgain(
  engine: Engine,
  task: OpenTask,
  files: readonly OpenTarget[],
  signal: AbortSignal,
): Promise<void> {
  const sinks: SnapshotSink[] = [];
  try {
    await inTransaction(engine.pool, async (client) => {
      for (const target of files) {
        await lockForPublishing(client, publishedTarget(target));
        await writeSnapshot(engine, client, task.run, target, sinks, signal);
      }
    });
    for (const sink of sinks) await sink.commit();
  } finally {
    for (const sink of sinks) await sink.close();
  }
}
