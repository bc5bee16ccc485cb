/** A sliding window over the partitions of a source. */
import { CancellationScope } from '@temporalio/workflow';

/**
 * Stages at most `limit` partitions at once. The first failure cancels the others, and is thrown after all of them have
 * ended: nothing then writes into the stage any more.
 */
export async function stagePartitions(
  partitions: readonly number[],
  limit: number,
  stage: (partition: number) => Promise<void>,
): Promise<void> {
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const running = new Set<Promise<unknown>>();
    const ended: { failure?: { readonly thrown: unknown } } = {};
    for (const partition of partitions) {
      while (running.size >= limit && ended.failure === undefined) {
        await Promise.race(running);
      }
      if (ended.failure !== undefined) break;
      const one: Promise<unknown> = stage(partition)
        .catch((thrown: unknown) => {
          if (ended.failure !== undefined) return;
          ended.failure = { thrown };
          scope.cancel();
        })
        .finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
    if (ended.failure !== undefined) throw ended.failure.thrown;
  });
}
