/** Checks whether every target of a task can be written, before its source is downloaded. */
import type { Services } from '../../component/services.ts';
import type { ParsedChain } from '../../job/effective/parse-chain.ts';
import { requireWritable } from '../../postgres/publish/target.ts';
import type { Engine } from '../engine.ts';
import { openTargets, publishedTarget } from '../open-task.ts';

/** Throws what publishing would fail with: ConfigError, or UnavailableError for what passes. */
export async function preflightTargets(
  { pool, services: { api, s3 } }: Pick<Engine, 'pool'> & { readonly services: Pick<Services, 'api' | 's3'> },
  job: string,
  writers: ParsedChain['writers'],
  signal: AbortSignal,
): Promise<void> {
  const opened = await openTargets(pool, { job_id: job }, writers);
  for (const [index, { writer, args }] of writers.entries()) {
    const target = opened[index];
    if (target === undefined) continue;
    await requireWritable(pool, publishedTarget(target));
    await writer.preflight?.(args, { job: target.fileJob, api, buckets: s3.target, signal });
  }
}
