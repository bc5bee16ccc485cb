/**
 * Limits how many partitions of one task a process reads at once. They share its thread, so a third reads nothing faster
 * but holds its own chunks, batches and connection: with two, the peak of a worker is a tenth lower than with four. Workers
 * on other machines, and other runs on this one, are not limited by it.
 */

/** One parses while another waits for the disk or the database. */
const AT_ONCE = 2;

interface Queue {
  running: number;
  readonly waiting: (() => void)[];
}

const byOwner = new WeakMap<object, Map<string, Queue>>();

/**
 * Waits until fewer than two calls with this key are running, in the order of the calls. Throws `signal.reason` when aborted
 * while it waits. An abort releases the place at once, even if the work hangs: the next attempt must not wait for it.
 */
export async function limitConcurrency<T>(
  owner: object,
  key: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const queues = byOwner.get(owner) ?? new Map<string, Queue>();
  byOwner.set(owner, queues);
  const queue = queues.get(key) ?? { running: 0, waiting: [] };
  queues.set(key, queue);
  // A finished call passes its place on directly, so that no other call gets it in between.
  if (queue.running >= AT_ONCE) await place(queue, signal);
  else queue.running += 1;
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    signal.removeEventListener('abort', release);
    const next = queue.waiting.shift();
    if (next !== undefined) next();
    else if (--queue.running === 0) queues.delete(key);
  };
  signal.addEventListener('abort', release);
  try {
    return await work();
  } finally {
    release();
  }
}

function place(queue: Queue, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onPlace = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      queue.waiting.splice(queue.waiting.indexOf(onPlace), 1);
      reject(signal.reason as Error);
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    queue.waiting.push(onPlace);
  });
}
