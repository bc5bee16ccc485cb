/** The records of a snapshot target, handed to its writer. */
import type { SnapshotSink } from '../../component/writer.ts';
import type { RunRow } from '../../postgres/ledger/run-rows.ts';
import type { PoolClient } from '../../postgres/pool.ts';
import { readSnapshot } from '../../postgres/publish/snapshot-rows.ts';
import type { Document } from '../../records/document.ts';
import type { Engine } from '../engine.ts';
import type { OpenTarget } from '../open-task.ts';

/** Writes everything that the target holds now; it becomes visible when the caller commits the sink. */
export async function writeSnapshot(
  { logger }: Pick<Engine, 'logger'>,
  client: PoolClient,
  { id: run, job_id: job }: Pick<RunRow, 'id' | 'job_id'>,
  { target, snapshot }: OpenTarget,
  sinks: SnapshotSink[],
): Promise<void> {
  if (snapshot === undefined) return;
  const sink = await snapshot.writer.open(snapshot.args, { run, job, logger });
  sinks.push(sink);
  for await (const documents of readSnapshot(client, target)) await sink.write(documents as readonly Document[]);
}
