/** Spaces the requests to a target, so that it is not asked more often than it allows. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Each call resolves when its request may be sent, in the order of the calls; no burst is saved up while nothing is sent. */
export function createTurns(perSecond: number | undefined, signal: AbortSignal): () => Promise<void> {
  if (perSecond === undefined) return () => Promise.resolve();
  const interval = 1000 / perSecond;
  let next = 0;
  return async () => {
    const now = performance.now();
    const at = Math.max(now, next);
    next = at + interval;
    if (at > now) await sleep(at - now, undefined, { signal });
  };
}
