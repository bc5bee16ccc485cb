/** Organisations in the shape of EDMO, as Turtle: made up, but for their properties. */

export interface EdmoOrganisation {
  readonly number: number;
  readonly name: string;
  readonly altName?: string;
  readonly country?: string;
  readonly locality?: string;
  readonly isDeprecated?: boolean;
}

/** Every third has a short name, every second a country and a place, every tenth is deprecated. */
export function edmoOrganisations(count: number): readonly EdmoOrganisation[] {
  const countries = ['France', 'Russia', 'South Korea', 'Turkey', 'Italy'];
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    name: `Institute of Marine Research ${String(i + 1)}`,
    ...(i % 3 === 0 ? { altName: `IMR${String(i + 1)}` } : {}),
    ...(i % 2 === 0 ? { country: countries[i % countries.length] ?? 'France', locality: `Harbour ${String(i)}` } : {}),
    ...(i % 10 === 9 ? { isDeprecated: true } : {}),
  }));
}

export function toEdmoTurtle(organisations: readonly EdmoOrganisation[]): string {
  const prefixes = `@prefix org: <http://www.w3.org/ns/org#> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .`;
  return [prefixes, ...organisations.map(toStatement)].join('\n');
}

function toStatement({ number, name, altName, country, locality, isDeprecated }: EdmoOrganisation): string {
  const quote = (text: string): string => JSON.stringify(text);
  const parts = [
    `a org:Organization ; org:name ${quote(name)}`,
    ...(altName === undefined ? [] : [`skos:altName ${quote(altName)}`]),
    ...(country === undefined ? [] : [`vcard:country-name ${quote(country)}`]),
    ...(locality === undefined ? [] : [`vcard:locality ${quote(locality)}`]),
    `owl:deprecated ${String(isDeprecated ?? false)}`,
  ];
  return `<https://edmo.seadatanet.org/report/${String(number)}> ${parts.join(' ; ')} .`;
}
