/** Returns the targets of a task of a run from its frozen config. Its changes can be read there. */
import type { Catalog } from '../../../component/catalog.ts';
import { parseWriters } from '../../../job/effective/parse-chain.ts';
import type { ResolveSecret } from '../../../job/secrets.ts';
import { openTarget, selectTargets } from '../../../pipeline/open-task.ts';
import type { Target } from '../../../postgres/publish/target.ts';
import { jobOfRun } from '../../../postgres/ledger/job-of-run.ts';
import { type RunRow, type TaskRow } from '../../../postgres/ledger/run-rows.ts';

/** A secret of a writer is not needed to read what it wrote, so it may be missing here. */
const WITHOUT_SECRETS: ResolveSecret = () => 'not-needed';

export async function runTargets(run: RunRow, catalog: Catalog): Promise<(task: TaskRow) => readonly Target[]> {
  const byTask = new Map<string, readonly Target[]>();
  for (const task of jobOfRun(run).tasks) {
    const writers = await parseWriters(task, catalog, WITHOUT_SECRETS);
    const targets = writers.map(({ writer, args }) => openTarget(writer, args, run.job_id));
    byTask.set(
      task.name,
      selectTargets(run, targets).map(({ target }) => target),
    );
  }
  return ({ name }) => byTask.get(name) ?? [];
}
