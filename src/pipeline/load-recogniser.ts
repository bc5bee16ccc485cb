/**
 * Tells records that need no reading: the same bytes went through the same chain before, and what came out of them is
 * published still. The digest of a record's bytes is kept beside it in the target, mixed with the digest of the chain,
 * so that a mended mapping recognises nothing.
 */
import { hash } from 'node:crypto';
import type { PoolClient } from '../postgres/pool.ts';
import { readSourceHashes } from '../postgres/source-hashes.ts';
import type { Target } from '../postgres/target.ts';
import { DIGEST_BYTES, createDigestSet } from '../records/digest-set.ts';
import type { Recognise } from '../records/entry.ts';

/** 32 bytes of memory for each: a target with more is read in full every time. */
const MOST_RECORDS = 500_000;

export interface RecogniserOptions {
  readonly job: string;
  readonly target: Target;
  /** Of the chain and the versions of its components: `sha256:` and hex digits. */
  readonly taskDigest: string;
}

export async function loadRecogniser(client: PoolClient, options: RecogniserOptions): Promise<Recognise> {
  const known = createDigestSet((await readSourceHashes(client, options, MOST_RECORDS)) ?? Buffer.alloc(0));
  const key = hash('sha256', options.taskDigest, 'buffer').subarray(0, DIGEST_BYTES);
  return (slice) => {
    const digest = hash('sha256', slice, 'buffer').subarray(0, DIGEST_BYTES);
    for (let i = 0; i < DIGEST_BYTES; i++) digest[i] = (digest[i] ?? 0) ^ (key[i] ?? 0);
    return { digest: digest.toString('hex'), isKnown: known.has(digest) };
  };
}
