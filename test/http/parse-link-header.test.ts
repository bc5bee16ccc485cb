import { expect, it } from 'vitest';
import { parseLinkHeader } from '../../src/http/parse-link-header.ts';

it('reads what Zenodo sends', () => {
  const links = parseLinkHeader(
    '<https://orcid.org/0000-0002-0715-6126> ; rel="author" , <https://zenodo.org/api/records/1> ; rel="linkset" ; type="application/linkset+json"',
  );
  expect(links).toEqual([
    { target: 'https://orcid.org/0000-0002-0715-6126', rels: ['author'] },
    { target: 'https://zenodo.org/api/records/1', rels: ['linkset'], type: 'application/linkset+json' },
  ]);
});

it('reads quoted commas, semicolons and escapes, tokens, several relations, anchors; the first parameter counts', () => {
  expect(
    parseLinkHeader('<a,b;c>;title="x, \\"y\\"; z";REL=LinkSet;rel=next, <../d> ; rel="Item  up"; anchor="#p"'),
  ).toEqual([
    { target: 'a,b;c', rels: ['linkset'] },
    { target: '../d', rels: ['item', 'up'], anchor: '#p' },
  ]);
});

it('passes over what is no link', () => {
  expect(parseLinkHeader('')).toEqual([]);
  expect(parseLinkHeader('rel=x, <unclosed; rel=y')).toEqual([]);
  expect(parseLinkHeader('<ok>, ; rel="lost", <>; =; rel')).toEqual([
    { target: 'ok', rels: [] },
    { target: '', rels: [] },
  ]);
});
