/** The open employments of an ORCID record as affiliations. */
import type { JsonObject } from '../../src/records/json-object.ts';
import { elementsAt, textAt } from '../xml-element/read-element.ts';
import type { FindAffiliation } from './organisation-ids.ts';

export interface Affiliation {
  readonly id?: string;
  readonly name?: string;
}

/** In the order of the record, each organisation once. `today` is a date as YYYYMMDD. */
export function readAffiliations(record: JsonObject, find: FindAffiliation, today: number): readonly Affiliation[] {
  const affiliations: Affiliation[] = [];
  for (const employment of employmentsOf(record)) {
    if (hasEnded(employment, today)) continue;
    const affiliation = toAffiliation(employment, find);
    if (affiliation !== undefined) addAffiliation(affiliations, affiliation);
  }
  return affiliations;
}

/** Schema 3.0 has groups of them, 2.x has them directly. */
function employmentsOf(record: JsonObject): readonly JsonObject[] {
  const employments = elementsAt(record, 'activities-summary', 'employments');
  return [
    ...elementsAt(employments, 'affiliation-group', 'employment-summary'),
    ...elementsAt(employments, 'employment-summary'),
  ];
}

/** Whether the end date, or the year or month of it where that is all, lies in the past. */
function hasEnded(employment: JsonObject, today: number): boolean {
  const year = numberAt(employment, 'year');
  if (year === undefined) return false;
  const month = numberAt(employment, 'month') ?? 12;
  const day = numberAt(employment, 'day') ?? 31;
  return year * 10_000 + month * 100 + day < today;
}

function numberAt(employment: JsonObject, part: string): number | undefined {
  const text = textAt(employment, 'end-date', part);
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

function toAffiliation(employment: JsonObject, find: FindAffiliation): Affiliation | undefined {
  const name = textAt(employment, 'organization', 'name');
  const [disambiguated] = elementsAt(employment, 'organization', 'disambiguated-organization');
  const identifier = textAt(disambiguated, 'disambiguated-organization-identifier');
  const source = textAt(disambiguated, 'disambiguation-source');
  const id = identifier === undefined || source === undefined ? undefined : find(source, identifier);
  if (id !== undefined) return name === undefined ? { id } : { id, name };
  return name === undefined ? undefined : { name };
}

/** An id is kept once; a name without id gives way to the same name with one. */
function addAffiliation(affiliations: Affiliation[], added: Affiliation): void {
  const isKnown = affiliations.some(({ id, name }) => (added.id === undefined ? name === added.name : id === added.id));
  if (isKnown) return;
  const bare =
    added.id === undefined ? -1 : affiliations.findIndex(({ id, name }) => id === undefined && name === added.name);
  if (bare >= 0) affiliations[bare] = added;
  else affiliations.push(added);
}
