/**
 * ORCID records (schema 2.0, 2.1 and 3.0) to the names that InvenioRDM keeps of people. Where it differs from
 * InvenioRDM: docs/compatibility.md.
 */
import { skip, type Skip, type Transform } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { toCompactIsni } from '../../src/records/isni.ts';
import { elementsAt, textAt } from '../xml-element/read-element.ts';
import { readErrorDocument } from './error-document.ts';
import { compileNameFilter } from './name-filter.ts';
import type { OrcidArgs } from './orcid-args.ts';
import { createFindAffiliation } from './organisation-ids.ts';
import { readAffiliations } from './read-affiliations.ts';

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

/** `now`: by which it is told whether an employment has ended. Throws ConfigError for a table that cannot be read. */
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

/** The content of the record; also below its own name, as where the reader was told no element. */
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

/** Of a record that was deactivated or replaced ORCID keeps little more than the fact. Throws RecordError for any other. */
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
