/**
 * Partitions of one task that a process reads at once. They share its thread, so that a third reads nothing faster, but
 * holds its own chunks, batches and connection: with two the peak of a worker is a tenth lower than with four. Workers
 * on other machines, and other runs on this one, do not wait for it.
 */

/** One parses while another waits for the disk or the database. */
const AT_ONCE = 2;

interface Line {
  under: number;
  readonly waiting: (() => void)[];
}

const byOwner = new WeakMap<object, Map<string, Line>>();

/**
 * Waits until fewer than two are at work under this key, first come, first served. Throws `signal.reason` when aborted
 * while it waits. An abort ends the turn at once, whether the work obeys or hangs: the next attempt must not wait for it.
 */
export async function inTurn<T>(owner: object, key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const lines = byOwner.get(owner) ?? new Map<string, Line>();
  byOwner.set(owner, lines);
  const line = lines.get(key) ?? { under: 0, waiting: [] };
  lines.set(key, line);
  // Whoever ends hands its place over, so that nobody comes between.
  if (line.under >= AT_ONCE) await called(line, signal);
  else line.under += 1;
  let isOver = false;
  const endTurn = (): void => {
    if (isOver) return;
    isOver = true;
    signal.removeEventListener('abort', endTurn);
    const next = line.waiting.shift();
    if (next !== undefined) next();
    else if (--line.under === 0) lines.delete(key);
  };
  signal.addEventListener('abort', endTurn);
  try {
    return await work();
  } finally {
    endTurn();
  }
}

function called(line: Line, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onCall = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      line.waiting.splice(line.waiting.indexOf(onCall), 1);
      reject(signal.reason as Error);
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    line.waiting.push(onCall);
  });
}
