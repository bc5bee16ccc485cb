/** Rejected records with their reason, origin and raw value, kept with the run. A source may repeat credentials: all texts are redacted. */
import { redactClipped } from '../../logging/redact.ts';
import { RAW_LIMIT } from '../../records/entry.ts';
import { copyRows } from '../copy.ts';
import type { PartitionKey } from './partitions.ts';
import type { PoolClient } from '../pool.ts';
import type { Cursor } from '../../records/origin.ts';
import type { RejectionKind } from '../../records/run.ts';

export interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly origin: string;
  /** The same place in positions, by which it is found again. */
  readonly cursor: Cursor;
  readonly recordId: string | undefined;
  readonly raw: string | undefined;
}

/** Characters of a message and of an origin that are kept. */
const LONGEST_MESSAGE = 2000;

/** There are few codes; this bounds what crosses to the workflow whatever happens. */
const MOST_KINDS = 20;

export async function insertRejections(
  client: PoolClient,
  key: PartitionKey,
  rejections: readonly Rejection[],
): Promise<void> {
  if (rejections.length === 0) return;
  await copyRows(
    client,
    'vocab_sync.rejection (run_id, task, partition, code, message, origin, cursor, record_id, raw)',
    rejections.map((rejection) => [
      key.run,
      key.task,
      key.partition,
      rejection.code,
      storable(redactClipped(rejection.message, LONGEST_MESSAGE)),
      storable(redactClipped(rejection.origin, LONGEST_MESSAGE)),
      `{${rejection.cursor.join(',')}}`,
      rejection.recordId === undefined ? null : storable(rejection.recordId),
      rejection.raw === undefined ? null : storable(redactClipped(rejection.raw, RAW_LIMIT)),
    ]),
  );
}

/**
 * The rejections of a task by code, the most frequent first, each with the first of its kind. `counted` is how many there
 * were of each code: of a frequent one not all are kept.
 */
export async function summariseRejections(
  client: PoolClient,
  run: string,
  task: string,
  counted: Readonly<Record<string, number>> = {},
): Promise<RejectionKind[]> {
  const { rows } = await client.query<RejectionKind>(
    `SELECT code, count, left(message, 300) || ' (' || left(origin, 200) || ')' AS sample
     FROM (SELECT code, count(*)::integer AS count, min(id) AS id
           FROM vocab_sync.rejection WHERE run_id = $1 AND task = $2 GROUP BY code) AS kind
     JOIN vocab_sync.rejection USING (id, code) ORDER BY count DESC, code LIMIT $3`,
    [run, task, MOST_KINDS],
  );
  return rows
    .map((kind) => ({ ...kind, count: Math.max(kind.count, counted[kind.code] ?? 0) }))
    .sort((a, b) => b.count - a.count);
}

/** A partition that starts over rejects again. */
export async function deleteRejections(client: PoolClient, key: PartitionKey): Promise<void> {
  await client.query('DELETE FROM vocab_sync.rejection WHERE run_id = $1 AND task = $2 AND partition = $3', [
    key.run,
    key.task,
    key.partition,
  ]);
}

/** NUL and half surrogate pairs are what PostgreSQL refuses; they are shown as the escapes that JSON has for them. */
function storable(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text;
  return text
    .replaceAll('\0', '\\u0000')
    .replace(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      (half) => `\\u${half.charCodeAt(0).toString(16)}`,
    );
}
