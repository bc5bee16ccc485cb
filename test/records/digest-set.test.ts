import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDigestSet } from '../../src/records/digest-set.ts';

const word = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 0x7fffffff, -0x80000000));
const digest = fc.tuple(word, word, word, word);

it('holds exactly what was added', () => {
  fc.assert(
    fc.property(fc.array(digest, { maxLength: 300 }), fc.array(digest, { maxLength: 50 }), (members, others) => {
      const set = createDigestSet(members.length);
      for (const member of members) set.add(...member);
      const texts = new Set(members.map((member) => member.join()));
      for (const one of [...members, ...others]) expect(set.has(...one)).toBe(texts.has(one.join()));
    }),
    { numRuns: 300 },
  );
});

it('tells digests apart that differ in the highest bits of two words alone', () => {
  const set = createDigestSet(1);
  set.add(-1, -0x80000000, 0, -1);
  expect(set.has(0x7fffffff, 0, 0, -1)).toBe(false);
});

it('takes signed and unsigned words for the same', () => {
  const set = createDigestSet(1);
  set.add(-1, -2, 3, 4);
  expect(set.has(0xffffffff, 0xfffffffe, 3, 4)).toBe(true);
});
