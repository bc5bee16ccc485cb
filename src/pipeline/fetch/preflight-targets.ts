/** Whether every target of a task can be written, asked before its source is downloaded. */
import type { Services } from '../../component/services.ts';
import type { ParsedChain } from '../../job/effective/parse-chain.ts';
import { requireWritable } from '../../postgres/publish/require-writable.ts';
import type { Engine } from '../engine.ts';
import { openTarget } from '../open-task.ts';

/** Throws what publishing would fail with: ConfigError, or UnavailableError for what passes. */
export async function preflightTargets(
  { pool, services: { api } }: Pick<Engine, 'pool'> & { readonly services: Pick<Services, 'api'> },
  job: string,
  writers: ParsedChain['writers'],
  signal: AbortSignal,
): Promise<void> {
  for (const { writer, args } of writers) {
    await requireWritable(pool, openTarget(writer, args).target);
    await writer.preflight?.(args, { job, api, signal });
  }
}
