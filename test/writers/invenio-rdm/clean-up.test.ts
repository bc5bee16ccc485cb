/** What InvenioRDM makes of texts and identifiers. The expected values are what version 14.0.5 stored. */
import { describe, expect, it } from 'vitest';
import { cleanText, toComparable } from '../../../writers/invenio-rdm/clean-up.ts';
import { toVocabulary } from '../../../writers/invenio-rdm/vocabulary.ts';

it.each([
  [' King’s “College” ', 'King\'s "College"'],
  ['（London）　Ａ', '(London) A'],
  ['ﬁne ﬀ ŉ', "fine ff 'n"],
  ['A &amp; B &#233; &#x00e9;', 'A & B é é'],
  ['<b>A</b> &amp; B', '<b>A</b> &amp; B'],
  ['a\r\nb\rc', 'a\nb\nc'],
  ['a\u200bb\u0000c\ufeffd', 'abcd'],
  ['e\u0301', 'é'],
])('cleans a text up as InvenioRDM does: %j', (text, expected) => {
  expect(cleanText(text)).toBe(expected);
});

const affiliations = toVocabulary('affiliations');
const withIdentifier = (scheme: string, identifier: string): string =>
  toComparable({ id: 'a', name: 'A', identifiers: [{ scheme, identifier }] }, affiliations);

it.each([
  ['ror', ['https://ror.org/02t3p7e85', '02t3p7e85', 'ror.org/02t3p7e85']],
  ['orcid', ['https://orcid.org/0000-0002-1825-0097', '0000000218250097', '0000-0002-1825-0097']],
  ['gnd', ['4000001-1', 'gnd:4000001-1', 'https://d-nb.info/gnd/4000001-1']],
  ['doi', ['10.1234/Foo', 'doi:10.1234/Foo', 'https://doi.org/10.1234/Foo']],
  ['viaf', ['viaf:1', '1', 'https://viaf.org/viaf/1']],
  ['wikidata', ['Q1', 'https://www.wikidata.org/wiki/Q1']],
])('takes two identifiers of %s for the same: %j', (scheme, identifiers) => {
  expect(new Set(identifiers.map((one) => withIdentifier(scheme, one))).size).toBe(1);
});

it('takes two spellings of an ISNI for two, as InvenioRDM stores them', () => {
  expect(withIdentifier('isni', '000000012146438X')).not.toBe(withIdentifier('isni', '0000 0001 2146 438X'));
});

describe('two records', () => {
  const same = (vocabulary: string, one: object, other: object): boolean =>
    toComparable({ id: 'a', ...one }, toVocabulary(vocabulary)) ===
    toComparable({ id: 'a', ...other }, toVocabulary(vocabulary));

  it('does not compare the names of what a record refers to', () => {
    expect(
      same('names', { affiliations: [{ id: 'x', name: 'Old' }] }, { affiliations: [{ id: 'x', name: 'New' }] }),
    ).toBe(true);
    expect(same('names', { affiliations: [{ name: 'Old' }] }, { affiliations: [{ name: 'New' }] })).toBe(false);
    expect(same('awards', { funder: { id: 'x' } }, { funder: { id: 'x', name: 'X', country: 'CH' } })).toBe(true);
    expect(same('awards', { funder: { id: 'x' } }, { funder: { id: 'y' } })).toBe(false);
    const organization = (name: string): object => ({ organizations: [{ id: 'x', organization: name }] });
    expect(same('awards', organization('Old'), organization('New'))).toBe(false);
  });

  it('differ in the order of a list and not of members', () => {
    expect(same('affiliations', { name: 'A', acronym: 'B' }, { acronym: 'B', name: 'A' })).toBe(true);
    expect(same('affiliations', { aliases: ['A', 'B'] }, { aliases: ['B', 'A'] })).toBe(false);
  });

  it('differ in properties, whose texts are not cleaned up', () => {
    expect(same('languages', { props: { a: '’' } }, { props: { a: "'" } })).toBe(false);
  });
});
