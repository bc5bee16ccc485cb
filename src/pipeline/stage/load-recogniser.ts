/**
 * Tells records that need no reading: the same bytes went through the same chain before, and what came out of them is
 * published still. The digest of a record's bytes is kept beside it in the target, mixed with the digest of the chain,
 * so that a mended mapping recognises nothing. What is recognised here is looked up by its whole digest when everything
 * is compared, and a record that is not found there is read again (E_STAGE_LOST).
 */
import { hash } from 'node:crypto';
import type { PoolClient } from '../../postgres/pool.ts';
import { countSourceHashes, readSourceHashes } from '../../postgres/stage/source-hashes.ts';
import type { Target } from '../../postgres/publish/target.ts';
import { DIGEST_BYTES, createDigestSet } from '../../records/digest-set.ts';
import type { Recognise } from '../../records/entry.ts';

/** 11 bytes of memory for each, 53 MB: of a target with more, the others are parsed and compared by what they become. */
const MOST_RECORDS = 5_000_000;

export interface RecogniserOptions {
  readonly job: string;
  readonly target: Target;
  /** Of the chain and the versions of its components: `sha256:` and hex digits. */
  readonly taskDigest: string;
  /** If false nothing is recognised. The digests of the records are calculated all the same, for the next run. */
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
