/** A set of digests of 16 bytes in flat memory: about 32 bytes for each, where a Set of texts takes a hundred. */

export const DIGEST_BYTES = 16;

export interface DigestSet {
  has(digest: Buffer): boolean;
}

/** `digests` one behind the other. Digests are spread evenly by themselves, so their first bytes are the hash. */
export function createDigestSet(digests: Buffer): DigestSet {
  const count = digests.length / DIGEST_BYTES;
  const slots = 2 ** Math.max(4, Math.ceil(Math.log2(count * 1.5 + 1)));
  const mask = slots - 1;
  const table = Buffer.alloc(slots * DIGEST_BYTES);
  const isTaken = new Uint8Array(slots);

  /** The slot of the digest at `offset` of `source`, or the free one where it belongs. */
  const slotOf = (source: Buffer, offset: number): number => {
    let slot = source.readUInt32LE(offset) & mask;
    while (isTaken[slot] === 1) {
      const at = slot * DIGEST_BYTES;
      if (source.compare(table, at, at + DIGEST_BYTES, offset, offset + DIGEST_BYTES) === 0) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  };

  for (let offset = 0; offset < digests.length; offset += DIGEST_BYTES) {
    const slot = slotOf(digests, offset);
    isTaken[slot] = 1;
    digests.copy(table, slot * DIGEST_BYTES, offset, offset + DIGEST_BYTES);
  }
  return { has: (digest) => isTaken[slotOf(digest, 0)] === 1 };
}
