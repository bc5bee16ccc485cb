/** What a project of CORDIS is related to: terms of EuroSciVoc, organisations, its programme. */
import type { JsonObject } from '../../src/records/json-object.ts';
import { elementsAt, textAt } from '../xml-element/read-element.ts';

/** The last part of `/21/39/225` is the term. Each once, in their order. */
export function readSubjects(project: JsonObject): readonly { readonly id: string }[] {
  const terms = elementsAt(project, 'relations', 'categories', 'category')
    .filter((category) => category['@classification'] === 'euroSciVoc')
    .map((category) => textAt(category, 'code')?.split('/').at(-1) ?? '')
    .filter((term) => /^\d+$/.test(term));
  return [...new Set(terms)].map((term) => ({ id: `euroscivoc:${term}` }));
}

export type Organization = { readonly id: string } | { readonly name: string };

/** By its ROR id where its PIC has one, else by its name; one that has neither is left out. Each once. */
export function readOrganizations(project: JsonObject, rorIds: ReadonlyMap<string, string>): readonly Organization[] {
  const organizations = new Map<string, Organization>();
  for (const element of elementsAt(project, 'relations', 'associations', 'organization')) {
    const ror = rorIds.get(textAt(element, 'id') ?? '');
    const name = textAt(element, 'legalname');
    if (ror !== undefined) organizations.set(`id ${ror}`, { id: ror });
    else if (name !== undefined) organizations.set(`name ${name}`, { name });
  }
  return [...organizations.values()];
}

/**
 * The programme that gives the legal basis. Of several, the one marked as unique; a few projects (825673) have two of
 * these, `H2020-EU.1.2.` and `H2020-EU.1.2.3.`, or none: the shortest code is the programme of most others.
 */
export function readProgram(project: JsonObject): string | undefined {
  const bases = elementsAt(project, 'relations', 'associations', 'programme')
    .filter((programme) => programme['@type'] === 'relatedLegalBasis')
    .map((programme) => ({ code: textAt(programme, 'code'), isUnique: programme['@uniqueprogrammepart'] === 'true' }));
  const unique = bases.filter(({ isUnique }) => isUnique);
  const codes = (unique.length > 0 ? unique : bases).flatMap(({ code }) => code ?? []);
  return codes.sort((a, b) => a.length - b.length)[0];
}
