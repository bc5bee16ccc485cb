/** Iterates and stops as soon as a signal is aborted, even while the source is waiting. */

/** Yields what `source` yields. Throws `signal.reason` at once when aborted; the source is released in any case. */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let isFinished = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const next = await beforeAbort(iterator.next(), signal);
      if (next.done === true) {
        isFinished = true;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    // A source that threw is finished; one that is still waiting is released when it comes back.
    isFinished = true;
    void iterator.return?.().catch(() => undefined);
    throw error;
  } finally {
    if (!isFinished) await iterator.return?.();
  }
}

/** A listener for each wait, not one promise to race against: such a promise would hold every value it ever raced. */
function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
