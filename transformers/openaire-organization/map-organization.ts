/** Organizations of the OpenAIRE Graph, in both published schemas, to what they add to affiliations. */
import { quote } from '../../src/clip.ts';
import type { Warning } from '../../src/component/reader.ts';
import { skip, type Transform } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { createFieldReader, describeValue } from '../../src/records/field-reader.ts';
import { toBareRorId } from '../../src/records/ror-id.ts';

const { readText, readObject, readList } = createFieldReader('OpenAIRE organization');

const OPENORGS_ID = /^(?:\d+\|)?openorgs____::/;
const PIC = /^(?:PIC:)?(\d{9})$/i;

export const mapOrganization: Transform = (value, { warn }) => {
  const id = requireId(value);
  if (!OPENORGS_ID.test(id)) return skip('not-openorgs', 'it is not curated by OpenOrgs');
  const pids = readPids(value, id);
  const ror = firstOf('ROR', toBareRorId, pids, id, warn);
  if (ror === undefined) return skip('no-ror', 'it has no ROR id');
  const pic = firstOf('PIC', (text) => PIC.exec(text)?.[1], pids, id, warn);
  return pic === undefined ? { id: ror } : { id: ror, identifiers: [{ identifier: pic, scheme: 'pic' }] };
};

function requireId(value: unknown): string {
  if (!isJsonObject(value)) {
    throw new RecordError(
      'E_RECORD_TYPE',
      `Expected an OpenAIRE organization (a JSON object), found ${describeValue(value)}.`,
    );
  }
  const found = value['id'];
  if (typeof found === 'string' && found.trim() !== '') return found.trim();
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the OpenAIRE id of the organization at /id, found ${describeValue(found)}.`,
  );
}

interface Pid {
  readonly scheme: string | undefined;
  readonly text: string | undefined;
}

function readPids(value: unknown, id: string): readonly Pid[] {
  const organization = readObject(value, id);
  const key = isGiven(organization['pids']) ? 'pids' : 'pid';
  if (!isGiven(organization[key])) return [];
  return readList(organization[key], id, key).map((item, i) => {
    const pid = readObject(item, id, key, i);
    return {
      scheme: readText(pid['scheme'], id, key, i, 'scheme')?.toUpperCase(),
      text: readText(pid['value'], id, key, i, 'value'),
    };
  });
}

/** Returns the first valid identifier. Invalid and conflicting ones are dropped with a warning. */
function firstOf(
  wanted: string,
  read: (text: string) => string | undefined,
  pids: readonly Pid[],
  id: string,
  warn: (warning: Warning) => void,
): string | undefined {
  let first: string | undefined;
  for (const { scheme, text } of pids) {
    if (scheme !== wanted || text === undefined) continue;
    const found = read(text);
    if (found === undefined) warn(leftOut('W_IDENTIFIER_INVALID', `Expected a ${wanted} id`, text, id));
    else if (first === undefined) first = found;
    else if (found !== first) warn(leftOut('W_IDENTIFIER_REPEATED', `Expected one ${wanted} id, ${first}`, text, id));
  }
  return first;
}

function leftOut(code: string, expected: string, found: string, id: string): Warning {
  return { code, message: `${expected}, found ${quote(found)}: it is left out of ${id}.` };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
