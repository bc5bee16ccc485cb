import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DIGEST_BYTES, createDigestSet } from '../../src/records/digest-set.ts';

const digest = fc
  .uint8Array({ minLength: DIGEST_BYTES, maxLength: DIGEST_BYTES })
  // Few first bytes, so that many digests want the same place.
  .map((bytes) => Buffer.concat([Buffer.from([(bytes[0] ?? 0) % 3, 0, 0, 0]), Buffer.from(bytes.subarray(4))]));

it('holds exactly what it was made of', () => {
  fc.assert(
    fc.property(fc.array(digest, { maxLength: 300 }), fc.array(digest, { maxLength: 50 }), (members, others) => {
      const set = createDigestSet(Buffer.concat(members));
      const texts = new Set(members.map((member) => member.toString('hex')));
      for (const one of [...members, ...others]) expect(set.has(one)).toBe(texts.has(one.toString('hex')));
    }),
  );
});
