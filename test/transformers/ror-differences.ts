/**
 * What InvenioRDM puts out for a ROR record, turned into what we put out, by one rule for each decided difference. Each
 * rule is made from the source record and InvenioRDM's output alone, never from ours.
 */
import type { RorRecord } from './ror-record.ts';

export type Output = Record<string, unknown>;
export type Vocabulary = 'affiliations' | 'funders';

interface Rule {
  /** As docs/compatibility.md names it. */
  readonly name: string;
  readonly vocabularies?: readonly Vocabulary[];
  readonly apply: (output: Output, source: RorRecord) => Output;
}

interface Identifier {
  readonly identifier: string;
  readonly scheme: string;
}

export const rules: readonly Rule[] = [
  {
    name: 'funders have no website and no domains',
    vocabularies: ['funders'],
    apply: ({ website: _website, domains: _domains, ...output }) => output,
  },
  { name: 'outer white space is trimmed', apply: (output) => trimmed(output) as Output },
  { name: 'aliases stand in source order, further acronyms last', apply: orderAliases },
  { name: 'an explicit English label is not overridden', apply: keepEnglish },
  { name: 'an ISNI with a wrong check digit is left out', apply: dropWrongIsni },
  { name: 'ISNI without spaces', apply: compactIsni },
];

function trimmed(value: unknown): unknown {
  if (typeof value === 'string') return value.trim();
  if (Array.isArray(value)) return value.map(trimmed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, trimmed(inner)]));
}

function orderAliases(output: Output, source: RorRecord): Output {
  if (output['aliases'] === undefined) return output;
  const ofType = (type: string) =>
    source.names.filter(({ types }) => types.includes(type)).map(({ value }) => value.trim());
  const ordered = [...new Set([...ofType('alias'), ...ofType('acronym').slice(1)])];
  expectSameMembers(ordered, output['aliases'] as string[]);
  return { ...output, aliases: ordered };
}

/** The rule may only reorder: what is in the list comes from InvenioRDM. */
function expectSameMembers(ordered: readonly string[], theirs: readonly string[]): void {
  const sorted = (list: readonly string[]) => JSON.stringify([...list].sort());
  if (sorted(ordered) !== sorted([...new Set(theirs)])) throw new Error(`not the same aliases: ${sorted(theirs)}`);
}

function keepEnglish(output: Output, source: RorRecord): Output {
  const english = source.names.filter(({ types, lang }) => types.includes('label') && lang === 'en').at(-1);
  if (english === undefined) return output;
  return { ...output, title: { ...(output['title'] as Output), en: english.value.trim() } };
}

/** The one record of v2.9 whose ISNI has a wrong check digit (0000 0004 1936 730 asks for another than 1). */
const WRONG_ISNI = '0000 0004 1936 7301';

function dropWrongIsni(output: Output): Output {
  const identifiers = (output['identifiers'] as Identifier[]).filter(({ identifier }) => identifier !== WRONG_ISNI);
  return { ...output, identifiers };
}

function compactIsni(output: Output): Output {
  const identifiers = (output['identifiers'] as Identifier[]).map((entry) =>
    entry.scheme === 'isni' ? { ...entry, identifier: entry.identifier.replaceAll(' ', '') } : entry,
  );
  return { ...output, identifiers };
}
