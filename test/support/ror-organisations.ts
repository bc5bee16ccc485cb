/** Organisations of ROR as they were and as they are, cut to what the mapping reads. The facts are those of the registry. */

export interface Organisation {
  readonly id: string;
  readonly name: string;
  readonly status?: string;
  /** Names and ids. */
  readonly successors?: readonly (readonly [string, string])[];
}

/** Inactive since ROR v2.4, continued by Adelaide University. */
export const UNIVERSITY_OF_ADELAIDE: Organisation = { id: '00892tw58', name: 'The University of Adelaide' };
export const CONTINUED: Organisation = {
  ...UNIVERSITY_OF_ADELAIDE,
  status: 'inactive',
  successors: [['Adelaide University', '028g18b61']],
};
export const ADELAIDE_UNIVERSITY: Organisation = { id: '028g18b61', name: 'Adelaide University' };

/** A dump: a JSON array of records in schema v2. */
export function toDump(organisations: readonly Organisation[]): string {
  return JSON.stringify(organisations.map(toRecord));
}

function toRecord({ id, name, status = 'active', successors = [] }: Organisation): unknown {
  return {
    id: `https://ror.org/${id}`,
    names: [{ lang: 'en', types: ['label', 'ror_display'], value: name }],
    status,
    types: ['education'],
    locations: [
      { geonames_id: 2078025, geonames_details: { country_code: 'AU', country_name: 'Australia', name: 'Adelaide' } },
    ],
    links: [],
    domains: [],
    external_ids: [],
    relationships: successors.map(([label, other]) => ({ label, type: 'successor', id: `https://ror.org/${other}` })),
  };
}
