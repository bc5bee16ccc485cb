/** The list `external_ids` of a ROR record as identifiers, the ROR id itself first. */
import { quote } from '../../src/clip.ts';
import type { Warning } from '../../src/component/reader.ts';
import type { JsonObject } from '../../src/records/json-object.ts';
import { toCompactIsni } from '../../src/records/isni.ts';
import { readList, readObject, readText, wrongType } from './read-field.ts';

export interface Identifier {
  readonly identifier: string;
  readonly scheme: string;
}

export interface IdentifierRules {
  /** ROR's types of identifier that are taken. */
  readonly schemes: ReadonlySet<string>;
  /** Makes a Crossref Funder id a DOI of this prefix. */
  readonly fundrefDoiPrefix: string | undefined;
}

/** At most one for each scheme: InvenioRDM takes no more. */
export function readIdentifiers(
  record: JsonObject,
  id: string,
  rules: IdentifierRules,
  warn: (warning: Warning) => void,
): readonly Identifier[] {
  const identifiers: Identifier[] = [{ identifier: id, scheme: 'ror' }];
  for (const [i, item] of readList(record['external_ids'], id, 'external_ids').entries()) {
    const entry = readObject(item, id, 'external_ids', i);
    const type = readText(entry['type'], id, 'external_ids', i, 'type');
    if (type === undefined) throw wrongType('a text', entry['type'], [id, 'external_ids', i, 'type']);
    if (!rules.schemes.has(type)) continue;
    const made = toIdentifier(type, chooseValue(entry, id, i), rules);
    if (made === undefined) {
      warn(notAnIsni(chooseValue(entry, id, i), id));
    } else if (identifiers.some(({ scheme }) => scheme === made.scheme)) {
      warn(repeated(made, id));
    } else {
      identifiers.push(made);
    }
  }
  return identifiers;
}

/** The preferred value, else the first. */
function chooseValue(entry: JsonObject, id: string, i: number): string {
  const preferred = readText(entry['preferred'], id, 'external_ids', i, 'preferred');
  if (preferred !== undefined) return preferred;
  const all = readList(entry['all'], id, 'external_ids', i, 'all');
  const first = readText(all[0], id, 'external_ids', i, 'all', 0);
  if (first === undefined) throw wrongType('at least one identifier', entry['all'], [id, 'external_ids', i, 'all']);
  return first;
}

/** Returns undefined for an invalid ISNI. */
function toIdentifier(type: string, value: string, { fundrefDoiPrefix }: IdentifierRules): Identifier | undefined {
  if (type === 'fundref' && fundrefDoiPrefix !== undefined) {
    return { identifier: `${fundrefDoiPrefix}/${value}`, scheme: 'doi' };
  }
  const identifier = type === 'isni' ? toCompactIsni(value) : value;
  return identifier === undefined ? undefined : { identifier, scheme: type };
}

function notAnIsni(value: string, id: string): Warning {
  return {
    code: 'W_IDENTIFIER_INVALID',
    message: `Expected an ISNI of 16 digits with a right check digit, found ${quote(value)}: it is left out of ${id}.`,
  };
}

function repeated({ scheme, identifier }: Identifier, id: string): Warning {
  return {
    code: 'W_IDENTIFIER_REPEATED',
    message: `Expected one identifier of scheme "${scheme}", found a further one, ${quote(identifier)}: it is left out of ${id}.`,
  };
}
