/** What a target should hold, in order of the bytes of the id: what was published there, or what a run staged for it. */
import type { Remote } from '../../records/change.ts';
import type { Document } from '../../records/document.ts';
import { withClient, type Pool } from '../pool.ts';
import type { StageNames } from '../stage/stage-table.ts';
import { quoteLiteral, targetFilter, type Target } from './target.ts';

export interface ExpectedIds {
  readonly target: Target;
  readonly job: string;
  /** Together with the records of the stage. */
  readonly stage?: StageNames;
  readonly after: string | undefined;
  /** So many records of the job that are not withdrawn, chosen at random by the seed. */
  readonly sample?: { readonly size: number; readonly seed: string };
}

const IDS_AT_ONCE = 1000;

/**
 * Returns the ids in batches. They are sorted once, into a cursor that outlives its transaction: the target may take hours,
 * and a transaction that is open for so long keeps every table from being vacuumed.
 */
export async function withExpectedIds<T>(
  pool: Pool,
  wanted: ExpectedIds,
  work: (ids: AsyncIterable<readonly string[]>) => Promise<T>,
): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query(`DECLARE expected_ids NO SCROLL CURSOR WITH HOLD FOR ${idsQuery(wanted)}`);
    try {
      return await work(
        (async function* () {
          for (;;) {
            const { rows } = await client.query<[string]>({
              text: `FETCH ${String(IDS_AT_ONCE)} FROM expected_ids`,
              rowMode: 'array',
            });
            if (rows.length === 0) return;
            yield rows.map(([id]) => id);
          }
        })(),
      );
    } finally {
      await client.query('CLOSE expected_ids').catch(() => undefined);
    }
  });
}

function idsQuery({ target, job, stage, after, sample }: ExpectedIds): string {
  const published = `SELECT t.id FROM ${target.relation} t WHERE t.id IS NOT NULL${targetFilter(target)}`;
  const own = ` AND t.job_id = ${quoteLiteral(job)} AND t.withdrawn_at IS NULL`;
  const all =
    sample !== undefined
      ? `${published}${own} ORDER BY hashtextextended(t.id, hashtextextended(${quoteLiteral(sample.seed)}, 0)), t.id LIMIT ${String(sample.size)}`
      : stage !== undefined
        ? `${published} UNION SELECT s.id FROM ${stage.stage} s WHERE s.hash IS NOT NULL AND s.id IS NOT NULL`
        : published;
  const rest = after === undefined ? '' : ` WHERE id COLLATE "C" > ${quoteLiteral(after)}`;
  return `SELECT id FROM (${all}) expected${rest} ORDER BY id COLLATE "C"`;
}

/** The records of the job that are published and not withdrawn, for progress. */
export async function countExpected(pool: Pool, target: Target, job: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*) AS n FROM ${target.relation} t WHERE t.job_id = $1 AND t.withdrawn_at IS NULL${targetFilter(target)}`,
    [job],
  );
  return rows[0]?.n ?? 0;
}

export interface ExpectedRow {
  readonly id: string;
  /** False if another job published the record, or someone inserted it by hand. */
  readonly isOwn: boolean;
  readonly job: string | null;
  /** What is published. Null where nothing is. */
  readonly record: Document | null;
  readonly isWithdrawn: boolean;
  readonly remote: Remote | null;
  /** 64 hex digits, or fewer where an edit by SQL removed the hash. */
  readonly hash: string | null;
  readonly changedRun: string | null;
  /** What the run would publish. Null without a stage, and where that is what is published. */
  readonly staged: Document | null;
}

/** Between ids in one text parameter; ids hold no control characters. */
const SEPARATOR = '\u001f';

/** Indexed by id. Unknown ids are omitted. */
export async function readExpected(
  pool: Pool,
  { target, job, stage }: Pick<ExpectedIds, 'target' | 'job' | 'stage'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ExpectedRow>> {
  if (ids.length === 0) return new Map();
  const columns = `coalesce(t.job_id = $3, t.id IS NULL) AS "isOwn", t.job_id AS job, t.record, t.withdrawn_at IS NOT NULL AS "isWithdrawn",
    ${target.shared ? 't.remote' : 'NULL AS remote'}, encode(t.hash, 'hex') AS hash, t.changed_run AS "changedRun"`;
  const { rows } = await pool.query<ExpectedRow>(
    stage === undefined
      ? `SELECT t.id, ${columns}, NULL AS staged FROM ${target.relation} t
         WHERE t.id = ANY (string_to_array($1, $2))${targetFilter(target)}`
      : `SELECT wanted.id, ${columns}, s.record AS staged
         FROM unnest(string_to_array($1, $2)) wanted (id)
         LEFT JOIN ${stage.stage} s ON s.id = wanted.id AND s.hash IS NOT NULL
         LEFT JOIN ${target.relation} t ON t.id = wanted.id${targetFilter(target)}`,
    [ids.join(SEPARATOR), SEPARATOR, job],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
