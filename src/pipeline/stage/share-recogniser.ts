/** One recogniser for all partitions of a task that this process stages at once: it holds tens of megabytes. */
import type { Recognise } from '../../records/entry.ts';

interface Shared {
  users: number;
  readonly loading: Promise<Recognise>;
}

const byOwner = new WeakMap<object, Map<string, Shared>>();

/** Loads it for the first, lends it to the others, and lets it go behind the last. `key` names it to its owner. */
export async function withRecogniser<T>(
  owner: object,
  key: string,
  load: () => Promise<Recognise>,
  use: (recognise: Recognise) => Promise<T>,
): Promise<T> {
  const known = byOwner.get(owner) ?? new Map<string, Shared>();
  byOwner.set(owner, known);
  const shared = known.get(key) ?? { users: 0, loading: load() };
  known.set(key, shared);
  shared.users += 1;
  try {
    return await use(await shared.loading);
  } finally {
    shared.users -= 1;
    if (shared.users === 0 && known.get(key) === shared) known.delete(key);
  }
}
