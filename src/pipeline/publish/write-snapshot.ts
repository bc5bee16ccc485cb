/** The records of a snapshot target, handed to its writer. */
import { componentFailure } from '../../errors.ts';
import type { SnapshotSink } from '../../component/writer.ts';
import type { RunRow } from '../../postgres/ledger/run-rows.ts';
import type { PoolClient } from '../../postgres/pool.ts';
import { readSnapshot } from '../../postgres/publish/snapshot-rows.ts';
import type { Document } from '../../records/document.ts';
import type { Engine } from '../engine.ts';
import { publishedTarget, type OpenTarget } from '../open-task.ts';

export interface SnapshotEngine extends Pick<Engine, 'logger'> {
  readonly services: Pick<Engine['services'], 's3'>;
}

/** Writes everything that the target holds now; it becomes visible when the caller commits the sink. */
export async function writeSnapshot(
  { logger, services }: SnapshotEngine,
  client: PoolClient,
  { id: run }: Pick<RunRow, 'id'>,
  opened: OpenTarget,
  sinks: SnapshotSink[],
  signal: AbortSignal,
): Promise<void> {
  const { snapshot, fileJob: job } = opened;
  if (snapshot === undefined) return;
  const { writer, args } = snapshot;
  const ofWriter = <T>(call: () => Promise<T>): Promise<T> =>
    call().catch((thrown: unknown) => {
      throw componentFailure(`writer "${writer.type}"`, thrown);
    });
  const sink = await ofWriter(() => writer.open(args, { run, job, logger, buckets: services.s3.target, signal }));
  sinks.push({
    write: (documents) => sink.write(documents),
    commit: () => ofWriter(() => sink.commit()),
    close: () => sink.close(),
  });
  for await (const documents of readSnapshot(client, publishedTarget(opened))) {
    await ofWriter(() => sink.write(documents as readonly Document[]));
  }
}
