/** The log of a run and the attempts of its steps, kept in the ledger: they outlive Temporal's history. */
import type { RunFailure } from '../../records/run.ts';
import type { Pool } from '../pool.ts';
import { ATTEMPT_ERROR, LOG_FIELDS } from './json-columns.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines that are kept of a run; of what comes after, only errors, and of those as many as a tenth more. */
export const MOST_LINES = 2_000;
const MOST_ERRORS_AFTER = MOST_LINES / 10;
const LONGEST_MESSAGE = 2_000;
const LONGEST_FIELDS = 4_000;

export interface NewLogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Appends a line, or the one line that says that the log was cut. Texts must be redacted before. */
export async function appendLog(pool: Pool, run: string, line: NewLogLine): Promise<void> {
  await pool.query(
    `WITH kept AS (SELECT count(*) AS n FROM (SELECT 1 FROM vocab_sync.run_log WHERE run_id = $1 LIMIT $5) lines)
     INSERT INTO vocab_sync.run_log (run_id, level, message, fields)
     SELECT $1, $2, $3, $4::json FROM kept WHERE n < $6 OR ($2 = 'error' AND n < $5)
     UNION ALL
     SELECT $1, 'warn', $7, NULL FROM kept WHERE n = $6 AND $2 <> 'error'`,
    [
      run,
      line.level,
      storable(line.message.slice(0, LONGEST_MESSAGE)),
      fieldsOf(line.fields),
      MOST_LINES + MOST_ERRORS_AFTER,
      MOST_LINES,
      `The log of this run was cut at ${String(MOST_LINES)} lines; after this line it keeps errors alone. The log of the worker has the rest.`,
    ],
  );
}

function fieldsOf(fields: NewLogLine['fields']): string | null {
  if (fields === undefined) return null;
  const text = storable(JSON.stringify(fields));
  return text.length <= LONGEST_FIELDS ? text : JSON.stringify({ note: 'The fields were too long to keep here.' });
}

/** NUL is what PostgreSQL refuses in a text; as an escape it is fine in JSON. */
function storable(text: string): string {
  return text.replaceAll('\0', '\\u0000').toWellFormed();
}

export interface LogLine {
  readonly id: number;
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/** In order of writing, from `level` on; `after` is the id of the last line of the previous page. */
export async function readLog(
  pool: Pool,
  run: string,
  page: { readonly level: LogLevel; readonly after: number; readonly limit: number },
): Promise<readonly LogLine[]> {
  const { rows } = await pool.query<Omit<LogLine, 'at'> & { at: Date }>(
    `SELECT id, at, level, message, fields FROM vocab_sync.run_log
     WHERE run_id = $1 AND id > $2 AND level = ANY ($3) ORDER BY id LIMIT $4`,
    [run, page.after, LOG_LEVELS.slice(LOG_LEVELS.indexOf(page.level)), page.limit],
  );
  return rows.map((row) => ({
    ...row,
    at: row.at.toISOString(),
    fields: LOG_FIELDS.parseOptional(row.fields, run),
  }));
}

/** Answers the id of the attempt. */
export async function beginAttempt(
  pool: Pool,
  run: string,
  { step, task, part }: Pick<StepAttempt, 'step' | 'task' | 'part'>,
): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `INSERT INTO vocab_sync.step_attempt (run_id, step, task, part, place) VALUES ($1, $2, $3, $4, (${PLACE})) RETURNING id`,
    [run, step, task, part],
  );
  return rows[0]?.id ?? 0;
}

/** How far a partition has come, as text; null for all other steps. */
const PLACE = `SELECT cursor::text FROM vocab_sync.partition
  WHERE $2 = 'stagePartition' AND run_id = $1 AND task = $3 AND ordinal::text = $4`;

/** How an attempt before this one ended. */
export interface EarlierAttempt {
  /** Its worker died with it, or froze. */
  readonly lost: boolean;
  /** The code of the error, if it has one. */
  readonly code: string | null;
  /** The step is no further now than when this attempt began. */
  readonly stood: boolean;
}

/** The last attempts of a step, the latest first. */
export async function lastAttempts(
  pool: Pool,
  run: string,
  { step, task, part }: Pick<StepAttempt, 'step' | 'task' | 'part'>,
  limit: number,
): Promise<readonly EarlierAttempt[]> {
  const { rows } = await pool.query<EarlierAttempt>(
    `SELECT ended_at IS NULL AS lost, error->>'code' AS code, place IS NOT DISTINCT FROM (${PLACE}) AS stood
     FROM vocab_sync.step_attempt
     WHERE run_id = $1 AND step = $2 AND task IS NOT DISTINCT FROM $3 AND part IS NOT DISTINCT FROM $4
     ORDER BY id DESC LIMIT $5`,
    [run, step, task, part, limit],
  );
  return rows;
}

export async function endAttempt(pool: Pool, attempt: number, error: RunFailure | undefined): Promise<void> {
  await pool.query('UPDATE vocab_sync.step_attempt SET ended_at = clock_timestamp(), error = $2 WHERE id = $1', [
    attempt,
    error === undefined ? null : storable(ATTEMPT_ERROR.toText(error)),
  ]);
}

export interface StepAttempt {
  readonly step: string;
  readonly task: string | null;
  /** The number of the partition that it staged, from 0, or the event that it told of. */
  readonly part: string | null;
  readonly started_at: string;
  /** Null if the step is still running, or was lost with its worker. */
  readonly ended_at: string | null;
  readonly error: RunFailure | null;
}

/** In the order in which they began. */
export async function readAttempts(pool: Pool, run: string): Promise<readonly StepAttempt[]> {
  const { rows } = await pool.query<
    Omit<StepAttempt, 'started_at' | 'ended_at'> & { started_at: Date; ended_at: Date | null }
  >(
    `SELECT step, task, part, started_at, ended_at, error FROM vocab_sync.step_attempt WHERE run_id = $1 ORDER BY id LIMIT 1000`,
    [run],
  );
  return rows.map((row) => ({
    ...row,
    error: ATTEMPT_ERROR.parseOptional(row.error, run),
    started_at: row.started_at.toISOString(),
    ended_at: row.ended_at?.toISOString() ?? null,
  }));
}
