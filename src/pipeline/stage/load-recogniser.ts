/**
 * Recognises records that need not be parsed: the same bytes went through the same chain before, and their result is
 * still published. The digest of a record's bytes is stored with it in the target, mixed with the digest of the chain,
 * so that nothing is recognised after a change of the mapping. The whole digest of a recognised record is looked up in
 * the comparison. If it is not found there, the record is read again (E_STAGE_LOST).
 */
import { hash } from 'node:crypto';
import type { PoolClient } from '../../postgres/pool.ts';
import { countSourceHashes, readSourceHashes } from '../../postgres/stage/source-hashes.ts';
import type { Target } from '../../postgres/publish/target.ts';
import { DIGEST_BYTES, createDigestSet } from '../../records/digest-set.ts';
import type { Recognise } from '../../records/entry.ts';

/**
 * The maximum number of recognised records, with 11 bytes of memory each, or 53 MB. In a larger target, the others are
 * parsed and compared by their documents.
 */
const MOST_RECORDS = 5_000_000;

export interface RecogniserOptions {
  readonly job: string;
  readonly target: Target;
  /** The digest of the chain and the versions of its components: `sha256:` and hex digits. */
  readonly taskDigest: string;
  /** If false, nothing is recognised. The digests of the records are still calculated, for the next run. */
  readonly isWorthLoading: boolean;
}

export async function loadRecogniser(client: PoolClient, options: RecogniserOptions): Promise<Recognise> {
  const members = options.isWorthLoading ? Math.min(await countSourceHashes(client, options), MOST_RECORDS) : 0;
  const known = createDigestSet(members);
  if (members > 0) {
    for await (const digests of readSourceHashes(client, options, members)) {
      for (let i = 0; i < digests.length; i += DIGEST_BYTES) {
        known.add(
          digests.readInt32LE(i),
          digests.readInt32LE(i + 4),
          digests.readInt32LE(i + 8),
          digests.readInt32LE(i + 12),
        );
      }
    }
  }
  const key = hash('sha256', options.taskDigest, 'binary');
  const [ka, kb, kc, kd] = [wordAt(key, 0), wordAt(key, 4), wordAt(key, 8), wordAt(key, 12)];
  return (slice) => {
    const digest = hash('sha256', slice, 'binary');
    const a = wordAt(digest, 0) ^ ka;
    const b = wordAt(digest, 4) ^ kb;
    const c = wordAt(digest, 8) ^ kc;
    const d = wordAt(digest, 12) ^ kd;
    return { digest: toText(a) + toText(b) + toText(c) + toText(d), isKnown: known.has(a, b, c, d) };
  };
}

/** Four characters of latin1 as a little-endian word. */
function wordAt(text: string, i: number): number {
  return (
    text.charCodeAt(i) | (text.charCodeAt(i + 1) << 8) | (text.charCodeAt(i + 2) << 16) | (text.charCodeAt(i + 3) << 24)
  );
}

function toText(word: number): string {
  return String.fromCharCode(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24);
}

interface Shared {
  users: number;
  readonly loading: Promise<Recognise>;
}

const byOwner = new WeakMap<object, Map<string, Shared>>();

/**
 * Shares one recogniser between all partitions of a task that this process stages at once, because it holds tens of
 * megabytes. Loads it for the first user and releases it after the last. `key` identifies it.
 */
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
