/**
 * A schedule whose runs fail again and again asks a source in vain and hides what is wrong in a long list: after as many
 * failures as the job says it is paused, and its note, the run and the log say why and how to resume it.
 */
import { clip } from '../../clip.ts';
import { countFailuresInARow, saveSchedulePaused } from '../../postgres/ledger/failures-in-a-row.ts';
import { findRun, type RunRow } from '../../postgres/ledger/run-rows.ts';
import type { Engine } from '../engine.ts';

/** Notes are shown in one line of the Web UI. */
const LONGEST_ERROR = 200;

/** Called again for the same run it does no more. */
export async function pauseAfterFailures(engine: Engine, id: string): Promise<void> {
  const run = await findRun(engine.pool, id);
  const most = run?.config['pause_after_failures'];
  if (run === undefined || typeof most !== 'number' || engine.pauseSchedule === undefined) return;
  if (run.outcome !== 'failed' || run.trigger !== 'schedule' || run.schedule_paused !== null) return;
  const failures = await countFailuresInARow(engine.pool, run);
  if (failures < most) return;
  const note = noteOf(run, failures);
  if (!(await engine.pauseSchedule(run.job_id, note))) return;
  await saveSchedulePaused(engine.pool, id, note);
  engine.logger.error('The schedule of the job is paused: its runs fail again and again.', {
    run: id,
    job: run.job_id,
    failures,
    note,
  });
}

function noteOf({ id, job_id, error }: RunRow, failures: number): string {
  const times = failures === 1 ? '1 failure' : `${String(failures)} failures in a row`;
  const last = error === null ? id : `${id}: ${error.code} ${clip(error.message, LONGEST_ERROR)}`;
  return `paused by vocab-sync after ${times}, the last one run ${last} — mend that, then: vocab-sync schedule ${job_id} resume`;
}
