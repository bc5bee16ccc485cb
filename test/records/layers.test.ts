/** The laws of records that several jobs make together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractPart, mergeRecord, placesMeet, type LayerPart } from '../../src/records/layers.ts';
import type { Document } from '../../src/records/document.ts';

const PLACES = [
  '/identifiers[scheme=pic]',
  '/identifiers[scheme=doi]',
  '/subjects',
  '/title/de',
  '/title/fr',
  '/a~1b/c',
];

const item = fc.record({ scheme: fc.constantFrom('pic', 'doi', 'ror'), identifier: fc.constantFrom('1', '2') });
const text = fc.constantFrom('x', 'y');
const recordArbitrary: fc.Arbitrary<Document> = fc
  .record(
    {
      name: text,
      identifiers: fc.array(item, { minLength: 1, maxLength: 4 }),
      subjects: fc.array(text, { minLength: 1, maxLength: 2 }),
      title: fc
        .record({ de: text, fr: text, en: text }, { requiredKeys: [] })
        .filter((title) => Object.keys(title).length > 0),
      'a/b': fc.record({ c: text, d: text }, { requiredKeys: ['d'] }),
    },
    { requiredKeys: [] },
  )
  .map((fields) => ({ id: 'r', ...fields }));

/** Layers that own different places, each with its part of a record of its own. */
const partsArbitrary: fc.Arbitrary<readonly LayerPart[]> = fc
  .tuple(
    fc.array(fc.constantFrom('one', 'two', 'three', 'none'), { minLength: PLACES.length, maxLength: PLACES.length }),
    recordArbitrary,
    recordArbitrary,
    recordArbitrary,
  )
  .map(([owners, ...records]) =>
    ['one', 'two', 'three'].flatMap((name, i) => {
      const owns = PLACES.filter((_, place) => owners[place] === name);
      const record = records[i];
      return owns.length === 0 || record === undefined ? [] : [{ name, owns, part: extractPart(record, owns) }];
    }),
  );

/** What no layer owns. */
function rest(record: Document): unknown {
  return mergeRecord(record, [{ name: 'all', owns: PLACES, part: { id: 'r' } }]);
}

describe('a merged record', () => {
  it('does not depend on the order of the layers or of their places', () => {
    fc.assert(
      fc.property(recordArbitrary, partsArbitrary, (base, parts) => {
        const turned = parts.toReversed().map((part) => ({ ...part, owns: part.owns.toReversed() }));
        expect(JSON.stringify(mergeRecord(base, turned))).toBe(JSON.stringify(mergeRecord(base, parts)));
      }),
    );
  });

  it('has what a layer says in its places, and what the base says everywhere else', () => {
    fc.assert(
      fc.property(recordArbitrary, partsArbitrary, (base, parts) => {
        const merged = mergeRecord(base, parts);
        for (const { owns, part } of parts) {
          expect(sorted(extractPart(merged, owns))).toEqual(sorted(part));
        }
        expect(rest(merged)).toEqual(rest(base));
      }),
    );
  });

  it('is the base where no layer knows it, and stays the same when it is merged again', () => {
    fc.assert(
      fc.property(recordArbitrary, partsArbitrary, (base, parts) => {
        expect(mergeRecord(base, [])).toBe(base);
        const merged = mergeRecord(base, parts);
        expect(JSON.stringify(mergeRecord(merged, parts))).toBe(JSON.stringify(merged));
      }),
    );
  });

  it('leaves the records that it is made of as they are', () => {
    fc.assert(
      fc.property(recordArbitrary, partsArbitrary, (base, parts) => {
        const before = JSON.stringify([base, parts]);
        mergeRecord(base, parts);
        expect(JSON.stringify([base, parts])).toBe(before);
      }),
    );
  });

  it('keeps other identifiers, and loses the list with the last one', () => {
    const layer = { name: 'pic', owns: ['/identifiers[scheme=pic]'] };
    const ror = { identifier: '04d836q62', scheme: 'ror' };
    const pic = { identifier: '999979888', scheme: 'pic' };
    const base = { id: '04d836q62', identifiers: [{ identifier: '1', scheme: 'pic' }, ror], name: 'TU Wien' };
    const known = { ...layer, part: { id: '04d836q62', identifiers: [pic] } };
    expect(mergeRecord(base, [known])).toEqual({ ...base, identifiers: [ror, pic] });
    const empty = { ...layer, part: { id: '04d836q62' } };
    expect(mergeRecord(base, [empty])).toEqual({ ...base, identifiers: [ror] });
    expect(mergeRecord({ id: 'x', identifiers: [pic] }, [empty])).toEqual({ id: 'x' });
    expect(mergeRecord({ id: 'x' }, [known])).toEqual({ id: 'x', identifiers: [pic] });
  });
});

function sorted(part: Document): unknown {
  const identifiers = part['identifiers'];
  if (!Array.isArray(identifiers)) return part;
  return { ...part, identifiers: identifiers.map((one) => JSON.stringify(one)).sort() };
}

describe('places of layers', () => {
  it.each([
    ['/subjects', '/subjects', true],
    ['/title', '/title/de', true],
    ['/title/de', '/title/fr', false],
    ['/title/de', '/title/de-AT', false],
    ['/identifiers', '/identifiers[scheme=pic]', true],
    ['/identifiers[scheme=pic]', '/identifiers[scheme=doi]', false],
    ['/identifiers[scheme=pic]', '/identifiers[kind=pic]', true],
    ['/identifiers[scheme=pic]', '/identifiers/note', true],
  ])('%s and %s meet: %s', (one, other, expected) => {
    expect(placesMeet(one, other)).toBe(expected);
    expect(placesMeet(other, one)).toBe(expected);
  });
});
