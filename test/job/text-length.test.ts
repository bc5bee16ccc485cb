import { Ajv } from 'ajv';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addTextLengths, hasAtLeast } from '../../src/job/schema/text-length.ts';

const character = fc.constantFrom('a', 'é', '\u{1f600}', '\ud800', '\udc00');
const text = fc.array(character, { maxLength: 12 }).map((characters) => characters.join(''));

const pairs = ['minLength', 'maxLength'].flatMap((keyword) =>
  [0, 1, 2, 5, 12].map((limit) => {
    const schema = { type: 'string', [keyword]: limit };
    const ours = new Ajv();
    addTextLengths(ours);
    return { mine: ours.compile(schema), theirs: new Ajv().compile(schema) };
  }),
);

it('judges lengths as ajv does', () => {
  fc.assert(
    fc.property(text, (value) => {
      for (const { mine, theirs } of pairs) {
        expect(mine(value)).toBe(theirs(value));
        expect(mine.errors?.[0]?.message).toBe(theirs.errors?.[0]?.message);
      }
    }),
  );
});

it('counts a pair of surrogates as one character', () => {
  fc.assert(
    fc.property(text, fc.nat({ max: 14 }), (value, limit) => {
      expect(hasAtLeast(value, limit)).toBe(Array.from(value).length >= limit);
    }),
  );
});
