/** A ledger as years of use leave it: runs of many jobs, their tasks, and a change log of millions of rows. */
import type { Pool } from '../../src/postgres/pool.ts';

export interface LedgerSize {
  readonly jobs: number;
  readonly runs: number;
  readonly changes: number;
}

/** Every run has as many changes; ids of runs are of version 7, so they rise with time, as those of Temporal do. */
export async function fillLedger(pool: Pool, { jobs, runs, changes }: LedgerSize): Promise<void> {
  const [id, time] = [idOf('n', runs), timeOf('n', runs)];
  await pool.query(
    `INSERT INTO vocab_sync.run (id, job_id, job_version, workflow_id, trigger, mode, title, started_by, since_reason, request, config,
       config_digest, has_input, forced, phase, outcome, started_at, finished_at)
     SELECT ${id}, 'job-' || n % $1, 1, 'vocab-sync/job-' || n % $1 || '/' || n, CASE n % 3 WHEN 0 THEN 'manual' ELSE 'schedule' END,
       'run', 'Job ' || n % $1, 'bench', 'start of the last successful run', '{"job": "job", "trigger": "manual"}',
       json_build_object('id', 'job-' || n % $1, 'title', repeat('x', 2000)), 'sha256:' || n, false, false, 'done',
       CASE WHEN n % 10 < 7 THEN 'success' WHEN n % 10 < 8 THEN 'unchanged' WHEN n % 10 < 9 THEN 'partial' ELSE 'failed' END,
       ${time}, ${time} + interval '40 seconds'
     FROM generate_series(1, $2::int) n`,
    [jobs, runs],
  );
  await pool.query(
    `INSERT INTO vocab_sync.task (run_id, name, ordinal, chain, digest, source, source_digest, outcome, counts, targets, applied_at)
     SELECT ${id}, 'main', 0, 'file > jsonl → postgres', 'sha256:0',
       json_build_object('version', json_build_object('name', 'dump-' || n, 'version', n::text)), 'sha256:' || n, 'success',
       '{"read": 120000, "filtered": 0, "duplicates": 0, "rejected": 3, "staged": 119997}',
       '{"postgres:bench": {"inserted": 1, "updated": 400, "restored": 0, "withdrawn": 99, "unchanged": 119497, "rejected": 0}}',
       ${time} + interval '39 seconds'
     FROM generate_series(1, $1::int) n`,
    [runs],
  );
  const each = Math.ceil(changes / runs);
  const batch = 500;
  for (let first = 1; first <= runs; first += batch) {
    await pool.query(
      `INSERT INTO vocab_sync.change (run_id, task, target, id, op, before, after)
       SELECT ${id}, 'main', 'postgres:bench', md5((m * 7919 + n % 100)::text), 'update',
         '{"id": "x", "title": {"en": "Before"}}', '{"id": "x", "title": {"en": "After"}}'
       FROM generate_series($1::int, $2::int) n, generate_series(1, $3::int) m`,
      [first, Math.min(runs, first + batch - 1), each],
    );
  }
  await pool.query('VACUUM ANALYZE');
}

/** An hour apart, up to now. */
function timeOf(n: string, runs: number): string {
  return `(date_trunc('hour', now()) - interval '1 hour' * (${String(runs)} - ${n}))`;
}

function idOf(n: string, runs: number): string {
  const hex = `lpad(to_hex((extract(epoch from ${timeOf(n, runs)}) * 1000)::bigint), 12, '0')`;
  return `(left(${hex}, 8) || '-' || right(${hex}, 4) || '-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
}
