/**
 * ORCID records (schema 2.0, 2.1 and 3.0) to the names that InvenioRDM keeps of people. Where it differs from
 * InvenioRDM: docs/compatibility.md.
 */
import { skip, type Skip, type Transform } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { toCompactIsni } from '../../src/records/isni.ts';
import { elementsAt, textAt } from '../xml-element/read-element.ts';
import { compileNameFilter } from './name-filter.ts';
import type { OrcidArgs } from './orcid-args.ts';
import { createFindAffiliation, type FindAffiliation } from './organisation-ids.ts';

/** What the mapping looks at; the rest of a record is not even parsed. */
export const ORCID_READS: readonly string[] = [
  'orcid-identifier',
  'deprecated',
  'history/deactivation-date',
  'person/name/given-names',
  'person/name/family-name',
  'activities-summary/employments',
  '/error',
];

/** `now` decides whether an employment has ended. Throws ConfigError for a table that cannot be read. */
export function createOrcidMapping(args: OrcidArgs, now = new Date()): Transform {
  const find = createFindAffiliation(args);
  const isExcluded = compileNameFilter(args.names_exclude_regex ?? '');
  const today = now.getUTCFullYear() * 10_000 + (now.getUTCMonth() + 1) * 100 + now.getUTCDate();

  return (value, { isDeleted }) => {
    const record = requireRecord(value);
    if ('error' in record) return readErrorDocument(record.error);
    const { content } = record;
    const id = requireOrcid(content);
    if (isDeleted === true) return { id };
    const given = textAt(content, 'person', 'name', 'given-names');
    const family = textAt(content, 'person', 'name', 'family-name');
    if (given === 'Given Names Deactivated' && family === 'Family Name Deactivated') return deactivated(id);
    const full = [given, family].filter((part) => part !== undefined).join(' ');
    if (full === '') return whyNameless(content, id);
    if (isExcluded(full))
      return skip('name', `names_exclude_regex excludes the name ${JSON.stringify(full.slice(0, 100))}`);
    return {
      id,
      ...namesOf(given, family),
      identifiers: [{ identifier: id, scheme: 'orcid' }],
      affiliations: readAffiliations(content, find, today),
    };
  };
}

/** Returns the content of the record, also if it is below its own name because the reader has no `root_element`. */
function requireRecord(value: unknown): { readonly content: JsonObject } | { readonly error: unknown } {
  if (isJsonObject(value)) {
    if (Object.hasOwn(value, 'error') && !Object.hasOwn(value, 'orcid-identifier')) return { error: value['error'] };
    const inner = Object.hasOwn(value, 'record') ? value['record'] : undefined;
    return { content: isJsonObject(inner) ? inner : value };
  }
  const found = value === null ? 'an empty element' : `a ${typeof value}`;
  throw new RecordError('E_RECORD_TYPE', `Expected an ORCID record with elements, found ${found}.`);
}

const ORCID = /^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/;

function requireOrcid(record: JsonObject): string {
  const found = textAt(record, 'orcid-identifier', 'path') ?? textAt(record, 'orcid-identifier', 'uri');
  const id = found?.slice(found.lastIndexOf('/') + 1).toUpperCase();
  if (id !== undefined && ORCID.test(id) && toCompactIsni(id) !== undefined) return id;
  const what = found === undefined ? 'nothing' : JSON.stringify(found.slice(0, 60));
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected an ORCID iD with a right check digit, such as "0000-0002-1825-0097", in orcid-identifier/path, found ${what}.`,
  );
}

/** Of a deactivated or replaced record, ORCID keeps little more than that fact. */
function whyNameless(record: JsonObject, id: string): Skip {
  if (Object.hasOwn(record, 'deprecated'))
    return skip('deprecated', 'its record was replaced by another of the same person', id);
  if (elementsAt(record, 'history').some((history) => Object.hasOwn(history, 'deactivation-date')))
    return deactivated(id);
  throw new RecordError(
    'E_RECORD_NO_NAME',
    `Expected a given name or a family name in the ORCID record ${id}, found neither.`,
    {
      details: { id },
    },
  );
}

function deactivated(id: string): Skip {
  return skip('deactivated', 'its record was deactivated', id);
}

/** Both parts, or the one that there is, which is then the name to show. */
function namesOf(given: string | undefined, family: string | undefined): Readonly<Record<string, string>> {
  if (given !== undefined && family !== undefined) return { given_name: given, family_name: family };
  if (given !== undefined) return { name: given, given_name: given };
  return family === undefined ? {} : { name: family, family_name: family };
}

/** By ORCID's own number of the error. */
const REASONS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  '9018': ['locked', 'its record is locked'],
  '9044': ['deactivated', 'its record was deactivated'],
  '9007': ['deprecated', 'its record was replaced by another of the same person'],
};

/**
 * Reads the document that ORCID returns instead of a record that it does not show, and that also occurs in the dumps. A
 * record that is not shown on purpose is skipped; anything else throws RecordError.
 */
function readErrorDocument(error: unknown): Skip {
  const number = textAt(error, 'error-code');
  const reason = number === undefined || !Object.hasOwn(REASONS, number) ? undefined : REASONS[number];
  if (reason !== undefined) return skip(...reason, idIn(textAt(error, 'developer-message')));
  const told = textAt(error, 'user-message') ?? textAt(error, 'developer-message') ?? 'without a message';
  const status = textAt(error, 'response-code') ?? 'without a status';
  throw new RecordError(
    'E_RECORD_TYPE',
    `Expected an ORCID record, found ORCID's error document (${status}, ${number ?? 'without a number'}): ${told.slice(0, 300)}`,
  );
}

/** The document names the person only in its text: `… ORCID https://orcid.org/0000-0002-1825-0097`. */
function idIn(text: string | undefined): string | undefined {
  return /\borcid\.org\/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\b/.exec(text ?? '')?.[1];
}

interface Affiliation {
  readonly id?: string;
  readonly name?: string;
}

/** Returns the open employments in the order of the record, each organisation once. `today` is a date as YYYYMMDD. */
function readAffiliations(record: JsonObject, find: FindAffiliation, today: number): readonly Affiliation[] {
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

/** Returns whether the end date is in the past. It may be only a year or a month. */
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
