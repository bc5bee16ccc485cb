/**
 * Projects of the OpenAIRE Graph, in both published schemas, to awards. The keys come in a fixed order, so that equal
 * records are equal as JSON text. Where it differs from InvenioRDM: docs/compatibility.md.
 */
import { quote } from '../../src/clip.ts';
import type { Transform } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { createFieldReader, describeValue } from '../../src/records/field-reader.ts';
import { toBareRorId } from '../../src/records/ror-id.ts';
import { toCalendarDate } from '../../src/records/calendar-date.ts';
import { isUrl } from '../../src/records/web-address.ts';
import { EUROPEAN_COMMISSION, FUNDERS } from './funders.ts';
import type { OpenaireAwardArgs } from './openaire-award-args.ts';

const { readText, readObject, readList } = createFieldReader('OpenAIRE project');

type Warn = Parameters<Transform>[1]['warn'];

export function createAwardMapping({ funder_prefixes: added }: OpenaireAwardArgs): Transform {
  const funders = new Map(Object.entries(FUNDERS));
  for (const [prefix, ror] of Object.entries(added)) funders.set(prefix.padEnd(12, '_'), toBareRorId(ror) ?? ror);

  return (value, { warn }) => {
    const project = requireProject(value);
    const openaireId = requireOpenaireId(project['id']);
    const number = requireCode(project['code'], openaireId);
    const funder = requireFunder(funders, openaireId, number);
    const id = `${funder}::${number}`;
    const title = requireTitle(project['title'], id);
    const description = readText(project['summary'], id, 'summary');
    const acronym = readText(project['acronym'], id, 'acronym');
    const program = readProgram(project, id);
    const start = readDate(project, ['startDate', 'startdate'], id, warn);
    const end = readDate(project, ['endDate', 'enddate'], id, warn);
    const address = funder === EUROPEAN_COMMISSION ? cordisAddress(number) : readWebsite(project, id, warn);
    // Assigned one by one: spreading an object for each optional key costs as much as all the reading.
    const award: Record<string, unknown> = { id, number, title: { en: title } };
    if (description !== undefined) award['description'] = { en: description };
    if (acronym !== undefined) award['acronym'] = acronym;
    if (program !== undefined) award['program'] = program;
    award['funder'] = { id: funder };
    if (start !== undefined) award['start_date'] = start;
    if (end !== undefined) award['end_date'] = end;
    if (address !== undefined) award['identifiers'] = [{ identifier: address, scheme: 'url' }];
    return award;
  };
}

function requireProject(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw new RecordError(
    'E_RECORD_TYPE',
    `Expected an OpenAIRE project (a JSON object), found ${describeValue(value)}.`,
  );
}

/** Twelve characters, `::`, a digest; the older dumps and the one of new projects put the type of the entity before it. */
const OPENAIRE_ID = /^(?:\d+\|)?([^:|]+)::/;

function requireOpenaireId(found: unknown): string {
  const id = typeof found === 'string' ? found.trim() : '';
  if (OPENAIRE_ID.test(id)) return id;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the OpenAIRE id of the project, such as "snsf________::911db67dc5eebd24d7787d69d4974ca4", at /id, found ${describeValue(found)}.`,
  );
}

/** Projects that never were an award are rejected here under their own id, so no published record can be missing. */
function requireCode(found: unknown, openaireId: string): string {
  if (typeof found === 'number' && Number.isSafeInteger(found)) return String(found);
  const code = typeof found === 'string' ? found.trim() : '';
  if (code !== '') return code;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the number that the funder gave at /code of the OpenAIRE project ${openaireId}, found ${describeValue(found)}.`,
    { details: { id: openaireId } },
  );
}

function requireFunder(funders: ReadonlyMap<string, string>, openaireId: string, number: string): string {
  const prefix = OPENAIRE_ID.exec(openaireId)?.[1] ?? '';
  const funder = funders.get(prefix);
  if (funder !== undefined) return funder;
  throw new RecordError(
    'E_RECORD_FUNDER',
    `Expected the prefix of a known funder in the id ${openaireId} of project ${number}, found ${quote(prefix)}: add it to "funder_prefixes" with the ROR id of the funder.`,
    { details: { id: openaireId, prefix } },
  );
}

function requireTitle(found: unknown, id: string): string {
  const title = readText(found, id, 'title');
  if (title !== undefined) return title;
  throw new RecordError(
    'E_RECORD_NO_NAME',
    `Expected the title of the OpenAIRE project ${id} at /title, found ${describeValue(found)}.`,
    { details: { id } },
  );
}

/** The second part of the stream of the first funding: `H2020` of `EC::H2020::ERC::ERC-STG`. */
function readProgram(project: JsonObject, id: string): string | undefined {
  const key = isGiven(project['fundings']) ? 'fundings' : 'funding';
  if (!isGiven(project[key])) return undefined;
  const [first] = readList(project[key], id, key);
  if (first === undefined) return undefined;
  const funding = readObject(first, id, key, 0);
  const streamKey = isGiven(funding['fundingStream']) ? 'fundingStream' : 'funding_stream';
  if (!isGiven(funding[streamKey])) return undefined;
  const stream = readObject(funding[streamKey], id, key, 0, streamKey);
  const program = readText(stream['id'], id, key, 0, streamKey, 'id')?.split('::', 2)[1]?.trim();
  return program === '' ? undefined : program;
}

function readDate(
  project: JsonObject,
  [current, old]: readonly [string, string],
  id: string,
  warn: Warn,
): string | undefined {
  const key = isGiven(project[current]) ? current : old;
  if (!isGiven(project[key])) return undefined;
  const text = readText(project[key], id, key);
  const date = text === undefined ? undefined : toCalendarDate(text);
  if (text !== undefined && date === undefined) {
    warn({
      code: 'W_DATE_INVALID',
      message: `Expected a day YYYY-MM-DD at /${key}, found ${quote(text)}: it is left out of ${id}.`,
    });
  }
  return date;
}

function readWebsite(project: JsonObject, id: string, warn: Warn): string | undefined {
  const key = isGiven(project['websiteUrl']) ? 'websiteUrl' : 'websiteurl';
  if (!isGiven(project[key])) return undefined;
  const address = readText(project[key], id, key);
  if (address === undefined || isUrl(address)) return address;
  warn({
    code: 'W_IDENTIFIER_INVALID',
    message: `Expected an http(s) address at /${key}, found ${quote(address)}: it is left out of ${id}.`,
  });
  return undefined;
}

function cordisAddress(number: string): string {
  return `https://cordis.europa.eu/projects/${number.replace(/\s/g, '%20')}`;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
