import { SEARCH_ATTRIBUTES } from '../../workflows/search-attributes.ts';

const TYPES = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/** What the dev servers of the tests register, by name and type. */
export const TEST_SEARCH_ATTRIBUTES: Readonly<Record<string, string>> = Object.fromEntries(
  SEARCH_ATTRIBUTES.map(({ name, type }) => [name, TYPES[type]]),
);
