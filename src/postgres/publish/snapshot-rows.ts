/** Everything that a snapshot target holds, in order of id, read through a cursor in batches. */
import type { PoolClient } from '../pool.ts';
import { targetFilter, type Target } from './target.ts';

const BATCH = 2_000;

/** Must run inside a transaction. The order is by the bytes of the id, the same on every server. */
export async function* readSnapshot(client: PoolClient, target: Target): AsyncIterable<readonly unknown[]> {
  await client.query(
    `DECLARE snapshot_rows NO SCROLL CURSOR FOR SELECT t.record FROM ${target.relation} t
     WHERE t.withdrawn_at IS NULL${targetFilter(target)} ORDER BY t.id COLLATE "C"`,
  );
  for (;;) {
    const { rows } = await client.query<[unknown]>({
      text: `FETCH ${String(BATCH)} FROM snapshot_rows`,
      rowMode: 'array',
    });
    if (rows.length === 0) break;
    yield rows.map(([record]) => record);
  }
  await client.query('CLOSE snapshot_rows');
}
