/** The plan of `resync`: exactly what was found in the targets, as a run would plan its changes. */
import { ConfigError, StateError, UnavailableError } from '../../errors.ts';
import { createPlan, digestPlan, isPlanThere } from '../../postgres/publish/change-set.ts';
import { freezeRepairs, planRepairs } from '../../postgres/publish/drift-plan.ts';
import { countTarget } from '../../postgres/publish/target-size.ts';
import type { Target } from '../../postgres/publish/target.ts';
import { listVerifications, type VerificationRow } from '../../postgres/ledger/drift.ts';
import { requireOpenRun, savePlan } from '../../postgres/ledger/run-rows.ts';
import { inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { createStage } from '../../postgres/stage/stage-table.ts';
import { countChanges, NO_STAGE_COUNTS, type TargetCounts } from '../../records/counts.ts';
import type { GuardTrip } from '../../records/run.ts';
import { tripChangeGuards } from '../compare/guards.ts';
import { sampleChanges } from '../compare/sample-changes.ts';
import type { Engine } from '../engine.ts';
import type { OpenTask } from '../open-task.ts';
import type { Compared } from '../run-steps.ts';

export async function planRepair(engine: Engine, task: OpenTask): Promise<Compared> {
  return inTransaction(engine.pool, async (client) => {
    await requireOpenRun(client, task.run.id, true);
    // Empty: the plan of a waiting run is read together with it.
    await createStage(client, task.names, task.documents);
    await createPlan(client, task.names);
    const found = await listVerifications(client, task.run.id);
    const sizes: { name: string; published: number; absent: number; planned: TargetCounts }[] = [];
    for (const [ordinal, one] of task.targets.entries()) {
      const { target, changes } = one;
      const row = found.find((verified) => verified.task === task.row.name && verified.target === target.name);
      const published = await countTarget(client, target, task.run.job_id);
      const planned =
        changes === undefined
          ? await planFile(client, task, target, row)
          : await planRepairs(client, { ...planOf(task), target, ordinal }, task.run.request.onForeign ?? 'keep');
      const unchanged = published - planned.inserted - planned.updated - (planned.kept ?? 0);
      sizes.push({
        name: target.name,
        published,
        absent: 0,
        planned: { ...planned, unchanged: Math.max(0, unchanged) },
      });
    }
    const targets = Object.fromEntries(sizes.map(({ name, planned }) => [name, planned]));
    const trips = [...tripChangeGuards(task.guards, sizes), ...askFirst(task, targets)];
    const planDigest = await digestPlan(client, task.names);
    await savePlan(client, task.run.id, task.row.name, {
      ...{ counts: NO_STAGE_COUNTS, warnings: task.row.fetch_warnings ?? {}, targets, trips, planDigest },
    });
    return {
      ...{ counts: NO_STAGE_COUNTS, targets, trips, rejections: [], planDigest },
      changes: await sampleChanges(client, task, targets),
    };
  });
}

/** The inputs for plans of repairs and adoptions, in addition to a target. */
export function planOf({ names, run, row }: OpenTask) {
  return { names, run: run.id, task: row.name, onChanged: run.request.onChanged ?? 'overwrite' };
}

/** Trips if records that another client created would be overwritten and the policy is `ask`. */
export function askFirst({ run }: OpenTask, targets: Readonly<Record<string, TargetCounts>>): readonly GuardTrip[] {
  if (run.request.onChanged !== 'ask') return [];
  return Object.entries(targets).flatMap(([name, { overwritten = 0 }]) =>
    overwritten === 0
      ? []
      : [
          {
            guard: 'ask',
            message: `${overwritten.toLocaleString('en-US')} records of ${name} were created or edited by someone else. Approving the plan overwrites them.`,
          },
        ],
  );
}

const NOTHING: TargetCounts = { inserted: 0, updated: 0, restored: 0, withdrawn: 0, unchanged: 0, rejected: 0 };

/** A file is written again from the records in the database, so these must be what was published. */
async function planFile(
  client: PoolClient,
  { run, row }: OpenTask,
  target: Target,
  found: VerificationRow | undefined,
): Promise<TargetCounts> {
  const { rows } = await client.query<{ n: number }>(
    'SELECT count(*) AS n FROM vocab_sync.drift WHERE run_id = $1 AND task = $2 AND target = $3 AND id <> $3',
    [run.id, row.name, target.name],
  );
  const others = Math.max(rows[0]?.n ?? 0, found?.counts.missing ?? 0);
  if (others === 0) return NOTHING;
  throw new ConfigError(
    'E_DRIFT_REFUSED',
    `Expected the database to hold the records of ${target.name} as they were published, but ${String(others)} of them were edited or removed there. Read the source again: vocab-sync run ${run.job_id} --force`,
  );
}

/** In the transaction that publishes. Throws E_STAGE_LOST if the plan is no longer the one that was approved. */
export async function applyRepair(
  client: PoolClient,
  task: OpenTask,
  planDigest: string,
  rewrite: (target: OpenTask['targets'][number]) => Promise<void>,
): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    task.names.plan,
  ]);
  const isKept = rows[0]?.there === true && (await isPlanThere(client, task.names, planDigest));
  if (task.row.plan_digest !== planDigest || !isKept) {
    throw new UnavailableError(
      'E_STAGE_LOST',
      `The plan of task ${task.row.name} is not the one that was to be published; it is made again from the findings.`,
    );
  }
  const found = await listVerifications(client, task.run.id);
  let isChanged = false;
  for (const [ordinal, one] of task.targets.entries()) {
    const { target, changes } = one;
    const planned = task.row.targets?.[target.name];
    if (planned === undefined)
      throw new StateError('E_RUN_STATE', `Run ${task.run.id} has no plan for ${target.name}.`);
    if (changes !== undefined) {
      const publication = {
        names: task.names,
        target,
        ordinal,
        run: task.run.id,
        task: task.row.name,
        job: task.run.job_id,
      };
      await freezeRepairs(client, publication, planned);
      isChanged ||= countChanges(planned) > 0;
    } else if (
      found.some((row) => row.task === task.row.name && row.target === target.name && row.counts.changed > 0)
    ) {
      await rewrite(one);
      isChanged = true;
    }
  }
  return isChanged;
}
