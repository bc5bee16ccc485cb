/**
 * ROR schema v2.0 and v2.1 to the records that InvenioRDM keeps of organisations. The keys come in a fixed order, so
 * that equal records are equal as JSON text. Where it differs from InvenioRDM: docs/compatibility.md.
 */
import { skip, type Transform } from '../../src/component/transformer.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import type { NamedRecord } from '../../src/records/notes.ts';
import { toBareRorId } from '../../src/records/ror-id.ts';
import { ConfigError, RecordError } from '../../src/errors.ts';
import { readList, readObject, readText, readTexts, wrongType, describeValue } from './read-field.ts';
import { readIdentifiers, type IdentifierRules } from './read-identifiers.ts';
import { readNames } from './read-names.ts';
import { schemeNames, type RorArgs } from './ror-args.ts';

/** `hasWeb`: the vocabulary takes `website` and `domains`. */
export function createRorMapping(args: RorArgs, { hasWeb }: { readonly hasWeb: boolean }): Transform {
  const { funder_fundref_doi_prefix: fundrefDoiPrefix, statuses } = args;
  const schemes = new Set(schemeNames(args));
  if (fundrefDoiPrefix !== undefined) schemes.add('fundref');
  const rules: IdentifierRules = { schemes, fundrefDoiPrefix };
  const kept = statuses === undefined ? undefined : new Set<string | undefined>(statuses);

  return (value, { origin, warn, note }) => {
    const record = requireSchemaV2(value, origin);
    const id = requireRorId(record);
    const status = readText(record['status'], id, 'status');
    if (status !== undefined && status !== 'active') note?.({ id, status, successors: readSuccessors(record) });
    if (kept?.has(status) === false) return skip('status', `its status is ${status ?? 'not given'}`);
    const { name, acronym, aliases, title } = readNames(record, id, warn);
    const types = readTexts(record['types'], id, 'types');
    const domains = hasWeb ? readTexts(record['domains'], id, 'domains') : [];
    const website = hasWeb ? readWebsite(record, id) : undefined;
    // Assigned one by one: spreading an object for each optional key costs as much as all the reading.
    const mapped: Record<string, unknown> = { id, name };
    if (acronym !== undefined) mapped['acronym'] = acronym;
    if (aliases.length > 0) mapped['aliases'] = aliases;
    mapped['title'] = title;
    if (status !== undefined) mapped['status'] = status;
    if (types.length > 0) mapped['types'] = types;
    addPlace(mapped, record, id);
    if (website !== undefined) mapped['website'] = website;
    if (domains.length > 0) mapped['domains'] = domains;
    mapped['identifiers'] = readIdentifiers(record, id, rules, warn);
    return mapped;
  };
}

/** The first location: InvenioRDM keeps one. */
function addPlace(mapped: Record<string, unknown>, record: JsonObject, id: string): void {
  if (!Object.hasOwn(record, 'locations')) return;
  const locations = readList(record['locations'], id, 'locations');
  if (locations.length === 0) throw wrongType('at least one location', locations, [id, 'locations']);
  const details = readObject(locations[0], id, 'locations', 0)['geonames_details'];
  if (details === undefined || details === null) return;
  const found = readObject(details, id, 'locations', 0, 'geonames_details');
  const read = (key: string) => readText(found[key], id, 'locations', 0, 'geonames_details', key);
  const country = read('country_code');
  const countryName = read('country_name');
  const locationName = read('name');
  if (country !== undefined) mapped['country'] = country;
  if (countryName !== undefined) mapped['country_name'] = countryName;
  if (locationName !== undefined) mapped['location_name'] = locationName;
}

function readWebsite(record: JsonObject, id: string): string | undefined {
  const links = record['links'];
  if (links === undefined || links === null) return undefined;
  for (const [i, item] of readList(links, id, 'links').entries()) {
    const link = readObject(item, id, 'links', i);
    if (readText(link['type'], id, 'links', i, 'type') !== 'website') continue;
    const website = readText(link['value'], id, 'links', i, 'value');
    if (website !== undefined) return website;
  }
  return undefined;
}

/**
 * Returns the organisations that continue this one. The relationships are not part of the published record, so an entry that
 * cannot be read is skipped.
 */
function readSuccessors(record: JsonObject): readonly NamedRecord[] {
  const relationships = record['relationships'];
  if (!Array.isArray(relationships)) return [];
  return relationships.filter(isJsonObject).flatMap(({ type, id: address, label }) => {
    if (typeof type !== 'string' || type.toLowerCase() !== 'successor') return [];
    const id = typeof address === 'string' ? toBareRorId(address) : undefined;
    if (id === undefined) return [];
    return [typeof label === 'string' && label.trim() !== '' ? { id, name: label } : { id }];
  });
}

/**
 * Returns the value if it is a record of schema v2. Throws ConfigError E_ROR_SCHEMA_V1 for the older schema: then the wrong
 * member of the dump was chosen.
 */
function requireSchemaV2(value: unknown, origin: () => string): JsonObject {
  if (!isJsonObject(value)) {
    throw new RecordError('E_RECORD_TYPE', `Expected a ROR record (a JSON object), found ${describeValue(value)}.`);
  }
  if (isSchemaV1(value)) throw schemaV1(origin());
  return value;
}

/** Returns the nine characters that InvenioRDM publishes a ROR record under. */
function requireRorId(record: JsonObject): string {
  const found = record['id'];
  const id = typeof found === 'string' ? toBareRorId(found) : undefined;
  if (id !== undefined) return id;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the ROR id of the record, such as "https://ror.org/05a28rw58", at /id, found ${describeValue(found)}.`,
  );
}

/** Schema v1 has one text `name` where v2 has a list `names`. */
function isSchemaV1(record: JsonObject): boolean {
  const hasPlace = Object.hasOwn(record, 'country') || Object.hasOwn(record, 'addresses');
  return typeof record['name'] === 'string' && hasPlace && !Object.hasOwn(record, 'names');
}

function schemaV1(origin: string): ConfigError {
  const regex = '_schema_v2\\.json$';
  return new ConfigError(
    'E_ROR_SCHEMA_V1',
    `Expected records of ROR schema v2 (with a list "names"), found one of schema v1 (with a text "name") at ${origin}. ` +
      `Dumps v1.45 to v1.74 hold both: choose the v2 member with "regex": ${JSON.stringify(regex)} in the args of the zip reader.`,
    { details: { origin, regex } },
  );
}
