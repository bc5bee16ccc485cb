/**
 * Looks at the targets of a task before its source is fetched. A run that finds nothing new must not end as `unchanged`
 * while its targets were emptied or edited by hand.
 */
import type { SnapshotSink } from '../../component/writer.ts';
import { saveWarnings } from '../../postgres/ledger/run-rows.ts';
import { inTransaction } from '../../postgres/pool.ts';
import { lockForPublishing } from '../../postgres/publish/target.ts';
import type { Engine } from '../engine.ts';
import { measureTargets } from '../measure-targets.ts';
import type { OpenTarget, OpenTask } from '../open-task.ts';
import { writeSnapshot } from '../publish/write-snapshot.ts';

/** The warning of a run that met a target which was edited by hand. */
export const EDITED = 'W_TARGET_EDITED';

export interface Inspection {
  /** Records are missing or edited: the source must be read again. Sentences without their full stops. */
  readonly damages: readonly string[];
  /** The records are there, only the file of them is not. */
  readonly files: readonly OpenTarget[];
}

/** Leaves a warning in the report of the run for each target that was edited. */
export async function inspectTargets(engine: Engine, task: OpenTask): Promise<Inspection> {
  const states = await measureTargets(engine.pool, task);
  const damages = [...states.values()].flatMap(({ damage }) => damage ?? []);
  const files: OpenTarget[] = [];
  const causes: string[] = [];
  for (const target of task.targets) {
    const { snapshot } = target;
    if ((states.get(target.target.name)?.published ?? 0) === 0) continue;
    const cause = await snapshot?.writer.inspect?.(snapshot.args, { job: task.run.job_id });
    if (cause === undefined) continue;
    files.push(target);
    causes.push(cause);
  }
  const messages = [...damages, ...causes].map((cause) => `${cause}. ${consequence(task)}`);
  if (messages.length > 0) {
    for (const message of messages) {
      engine.logger.warn(message, { run: task.run.id, job: task.run.job_id, code: EDITED });
    }
    await saveWarnings(engine.pool, task.row, { [EDITED]: { count: messages.length, samples: messages } });
  }
  return { damages, files };
}

function consequence({ run }: OpenTask): string {
  return run.mode === 'plan' ? 'A run publishes it again' : 'It is published again';
}

/** Writes the files again from the records in the database; the source is not needed for it. */
export async function writeFilesAgain(engine: Engine, task: OpenTask, files: readonly OpenTarget[]): Promise<void> {
  const sinks: SnapshotSink[] = [];
  try {
    await inTransaction(engine.pool, async (client) => {
      for (const target of files) {
        await lockForPublishing(client, target.target);
        await writeSnapshot(engine, client, task.run, target, sinks);
      }
    });
    for (const sink of sinks) await sink.commit();
  } finally {
    for (const sink of sinks) await sink.close();
  }
}
