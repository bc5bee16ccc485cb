/** The notices of a run, one row for each event and channel. */
import type { NoticeReport } from '../../records/run.ts';
import type { NoticeEvent } from '../../records/outcome.ts';
import type { RunFailure } from '../../records/run.ts';
import type { Pool } from '../pool.ts';
import { NOTICE_FAILURE } from './json-columns.ts';

export interface NoticeKey {
  readonly run: string;
  readonly event: NoticeEvent;
  readonly about: string;
  /** From 0. */
  readonly channel: number;
  readonly channelType: string;
}

export async function isNoticeSent(pool: Pool, { run, event, about, channel }: NoticeKey): Promise<boolean> {
  const { rows } = await pool.query(
    `SELECT 1 FROM vocab_sync.notice
     WHERE run_id = $1 AND event = $2 AND about = $3 AND channel = $4 AND sent_at IS NOT NULL`,
    [run, event, about, channel],
  );
  return rows.length > 0;
}

/** Without a failure it was sent. */
export async function saveNotice(pool: Pool, key: NoticeKey, failure: RunFailure | undefined): Promise<void> {
  await pool.query(
    `INSERT INTO vocab_sync.notice (run_id, event, about, channel, channel_type, sent_at, failure)
     VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::json IS NULL THEN clock_timestamp() END, $6)
     ON CONFLICT (run_id, event, about, channel) DO UPDATE SET sent_at = EXCLUDED.sent_at, failure = EXCLUDED.failure`,
    [
      key.run,
      key.event,
      key.about,
      key.channel,
      key.channelType,
      failure === undefined ? null : NOTICE_FAILURE.toText(failure),
    ],
  );
}

/** In the order in which they were first tried. */
export async function listNotices(pool: Pool, run: string): Promise<readonly NoticeReport[]> {
  const { rows } = await pool.query<{
    event: NoticeEvent;
    channel: number;
    channel_type: string;
    sent_at: Date | null;
    failure: unknown;
  }>(`SELECT event, channel, channel_type, sent_at, failure FROM vocab_sync.notice WHERE run_id = $1 ORDER BY id`, [
    run,
  ]);
  return rows.map(({ event, channel, channel_type: type, sent_at: at, failure }) => ({
    event,
    channel: `${type} ${String(channel + 1)}`,
    sent_at: at?.toISOString() ?? null,
    failure: NOTICE_FAILURE.parseOptional(failure, run),
  }));
}
