/**
 * The step that compares one target with what was published there, or, with the mode `adopt`, with what the run staged for
 * it. Findings, counts and a cursor are written batch by batch, so an attempt that ends is continued by the next one.
 */
import { StateError } from '../../errors.ts';
import {
  FINDINGS_KEPT,
  advanceVerification,
  claimVerification,
  type Finding,
  type VerificationKey,
  type VerificationRow,
} from '../../postgres/ledger/drift.ts';
import { withClient } from '../../postgres/pool.ts';
import { removeDuplicates } from '../../postgres/publish/change-set.ts';
import { countExpected } from '../../postgres/publish/expected-rows.ts';
import { ensureTarget } from '../../postgres/publish/target.ts';
import type { DriftCounts } from '../../records/drift.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { openTask } from '../open-task.ts';
import type { StepContext, Verified, VerifyInput } from '../run-steps.ts';
import { verifyTable } from './verify-table.ts';
import { verifyRemote } from './verify-remote.ts';
import type { Verification } from './verification.ts';

/** A second call resumes, or returns the same result. */
export async function verifyTarget(engine: Engine, input: VerifyInput, context: StepContext): Promise<Verified> {
  await enterPhase(engine, input.run, 'compare');
  const task = await openTask(engine, input);
  const target = task.targets.find((one) => one.target.name === input.target);
  if (target === undefined) {
    throw new StateError('E_RUN_STATE', `Task ${input.task} has no target ${input.target} to compare.`);
  }
  const { sample } = task.run.request;
  const key: VerificationKey = { run: input.run, task: input.task, target: input.target };
  const row = await claimVerification(engine.pool, key, sample);
  if (row.state === 'done') return { drift: row.counts };
  const adopts = task.run.mode === 'adopt';
  // The target of an adoption may not have been published yet.
  await withClient(engine.pool, async (client) => {
    if (adopts) await removeDuplicates(client, task.names);
    else if (!target.target.shared) await ensureTarget(client, target.target);
  });
  const total = sample ?? (await countExpected(engine.pool, target.target, task.run.job_id));
  const progress = trackCounts({ engine, task, context, total }, key, row);
  const verification: Verification = {
    ...{ engine, task, target, sample, context },
    expected: {
      ...{ target: target.target, job: task.run.job_id, after: row.cursor ?? undefined },
      ...(adopts ? { stage: task.names } : {}),
      ...(sample === undefined ? {} : { sample: { size: sample, seed: input.run } }),
    },
    total,
    advance: progress.advance,
  };
  await (target.changes === undefined ? verifyTable(verification) : verifyRemote(verification, target.changes));
  return { drift: progress.counts() };
}

/** Adds up what the batches found, and keeps as many findings as the mode needs. */
function trackCounts(
  { engine, task, context, total }: Pick<Verification, 'engine' | 'task' | 'context' | 'total'>,
  key: VerificationKey,
  row: VerificationRow,
): Pick<Verification, 'advance'> & { readonly counts: () => DriftCounts } {
  let counts = row.counts;
  const keepsAll = task.run.mode !== 'verify';
  return {
    counts: () => counts,
    async advance({ compared, findings, cursor, lists, unnamed = 0 }) {
      const kept: Finding[] = [];
      const added = { missing: 0, changed: 0, foreign: 0, equal: 0 };
      for (const finding of findings) {
        const { kind } = finding;
        const before = kind === 'equal' ? 0 : (counts[kind] ?? 0);
        added[kind] += 1;
        if (before + added[kind] <= FINDINGS_KEPT || kind === 'equal') kept.push(finding);
        else if (keepsAll) kept.push({ ...finding, details: { fields: [], more: 0 } });
      }
      counts = {
        compared: counts.compared + compared,
        missing: counts.missing + added.missing + unnamed,
        changed: counts.changed + added.changed,
        foreign: lists ? (counts.foreign ?? 0) + added.foreign : null,
      };
      const rows = keepsAll ? kept : kept.map(({ record: _record, remote: _remote, ...finding }) => finding);
      await advanceVerification(engine.pool, key, row.lease, { counts, cursor, findings: rows });
      context.onProgress({ step: 'verify', position: key.target, done: counts.compared, total });
    },
  };
}
