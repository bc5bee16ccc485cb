/** The targets of a task of a run, by its frozen config: where its changes can be read. */
import type { Catalog } from '../../../component/catalog.ts';
import { jobFromConfig } from '../../../job/effective/effective-job.ts';
import { parseWriters } from '../../../job/effective/parse-chain.ts';
import type { ResolveSecret } from '../../../job/secrets.ts';
import { snapshotTarget, tableTarget, type Target } from '../../../postgres/publish/target.ts';
import type { RunRow, TaskRow } from '../../../postgres/ledger/run-rows.ts';

/** A secret of a writer is not needed to read what it wrote, so it may be missing here. */
const WITHOUT_SECRETS: ResolveSecret = () => 'not-needed';

export function runTargets(run: RunRow, catalog: Catalog): (task: TaskRow) => readonly Target[] {
  const job = jobFromConfig(run.config, catalog);
  return ({ name }) => {
    const task = job.tasks.find((candidate) => candidate.name === name);
    if (task === undefined) return [];
    return parseWriters(task, catalog, WITHOUT_SECRETS).map(({ writer, args }) =>
      writer.receives === 'table'
        ? tableTarget(writer.targetName(args), writer.table(args))
        : snapshotTarget(writer.targetName(args)),
    );
  };
}
