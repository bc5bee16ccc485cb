/** An incremental run cannot bring back records that were removed by hand, so such a run reads everything. */
import { parseWriters } from '../../job/effective/parse-chain.ts';
import type { Job } from '../../job/schema/job.ts';
import { measureTarget } from '../../postgres/publish/target-size.ts';
import { VocabSyncError } from '../../errors.ts';
import type { Engine } from '../engine.ts';
import { openTarget } from '../open-task.ts';
import type { FrozenSince } from './freeze-since.ts';

/** Returns `since` as it is unless the watermark decided it and a target of the job lost records. */
export async function sinceOfEditedTargets(engine: Engine, job: Job, since: FrozenSince): Promise<FrozenSince> {
  if (since.origin !== 'watermark') return since;
  const damage = await findDamage(engine, job);
  if (damage === undefined) return since;
  return { ...since, time: undefined, origin: undefined, reason: `${damage}: everything` };
}

async function findDamage({ pool, catalog, resolveSecret }: Engine, job: Job): Promise<string | undefined> {
  for (const task of job.tasks) {
    for (const { writer, args } of writersOf(() => parseWriters(task, catalog, resolveSecret))) {
      const { damage } = await measureTarget(pool, openTarget(writer, args).target, job.id);
      if (damage !== undefined) return damage;
    }
  }
  return undefined;
}

/** A writer that cannot be made fails the next step, which has a place in the ledger for the error. */
function writersOf(parse: () => ReturnType<typeof parseWriters>): ReturnType<typeof parseWriters> {
  try {
    return parse();
  } catch (error) {
    if (error instanceof VocabSyncError) return [];
    throw error;
  }
}
