/** Measures the targets of a task, and decides whether a run has so few records that each is looked up by its id. */
import type { Pool } from '../postgres/pool.ts';
import { measureTarget, type TargetState } from '../postgres/publish/target-size.ts';
import type { OpenTask } from './open-task.ts';

/** By the name of the target. */
export type TargetStates = ReadonlyMap<string, TargetState>;

export async function measureTargets(pool: Pool, task: OpenTask): Promise<TargetStates> {
  const states = new Map<string, TargetState>();
  for (const { target, merged } of task.targets) {
    states.set(target.name, await measureTarget(pool, target, task.run.job_id));
    // Manual edits of a base's records are made in the target. A layer has no records there.
    if (merged === undefined || merged.layer !== undefined) continue;
    states.set(merged.target.name, await measureTarget(pool, merged.target, task.run.job_id));
  }
  return states;
}

/** Above this share of a target, one pass over all of it is faster than single look-ups. */
const FEW = 0.1;

/** The cost of comparing and publishing few rows follows the rows and not the target. */
export function isFew(rows: number, state: TargetState | undefined): boolean {
  return state !== undefined && rows < state.rows * FEW;
}
