/**
 * What InvenioRDM makes of a record when it stores it, so that a record that was read back can be compared with the one
 * that was published. Texts go through `ftfy.fix_text` and `strip` there, identifiers through `idutils`.
 */
import type { Document } from '../../src/records/document.ts';
import { canonicalJson, isJsonObject, mapObject, type JsonObject } from '../../src/records/json-object.ts';
import { linkedId, type Vocabulary } from './vocabulary.ts';

/** The one member whose texts InvenioRDM does not clean up. */
const AS_IT_IS = 'props';
/** Its own bookkeeping in what it gives back. */
const BOOKKEEPING = new Set(['$schema', 'created', 'updated', 'links', 'revision_id', 'internal_id']);

/** The record as it is sent: without null, each text of a list once after the clean-up, which refuses the record otherwise. */
export function toSendable(document: Document, vocabulary: Vocabulary): Document {
  return { ...(prune(document) as Document), ...vocabulary.constants };
}

function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(prune);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null && inner !== undefined)
      .map(([key, inner]) => [key, Array.isArray(inner) && key !== AS_IT_IS ? unique(prune(inner)) : prune(inner)]),
  );
}

/** Texts, and objects that are nothing but a name: of two equal affiliations of a person InvenioRDM drops either. */
function unique(list: unknown): unknown[] {
  const seen = new Set<string>();
  return (list as unknown[]).filter((item) => {
    const isName = isJsonObject(item) && Object.keys(item).length === 1 && 'name' in item;
    const name = isName ? item['name'] : item;
    if (typeof name !== 'string') return true;
    const text = cleanText(name);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** The record in a form in which two are equal exactly where InvenioRDM stores the same. */
export function toComparable(document: JsonObject, vocabulary: Vocabulary): string {
  const members = Object.entries(prune(document) as JsonObject)
    .filter(([key]) => !BOOKKEEPING.has(key) && !Object.hasOwn(vocabulary.constants, key))
    .map(([key, value]) => [key, key === AS_IT_IS ? value : cleanMember(key, value, vocabulary)] as const)
    .filter(([, value]) => !isEmpty(value));
  return canonicalJson(withDefaults(Object.fromEntries(members), vocabulary));
}

function cleanMember(member: string, value: unknown, { references }: Vocabulary): unknown {
  const isResolved = references.some((one) => one.member === member && one.isAlwaysChecked);
  return clean(isResolved ? withoutResolved(value) : value);
}

/** InvenioRDM fills in the name of what an `id` refers to, and gives the current one whatever was sent. */
function withoutResolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutResolved);
  const id = linkedId(value);
  return id === undefined ? value : { id };
}

/** Members that it makes from others. */
function withDefaults(record: JsonObject, { name }: Vocabulary): JsonObject {
  const { given_name: given, family_name: family, title } = record;
  if (name === 'names' && typeof family === 'string' && typeof given === 'string') {
    return { ...record, name: `${family}, ${given}` };
  }
  if (name === 'subjects' && record['subject'] === undefined && isJsonObject(title) && title['en'] !== undefined) {
    return { ...record, subject: title['en'] };
  }
  return record;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (!isJsonObject(value)) return value;
  const { scheme, identifier } = value;
  const cleaned = mapObject(value, clean);
  return typeof scheme === 'string' && typeof identifier === 'string'
    ? { ...cleaned, identifier: cleanIdentifier(cleanText(identifier), scheme) }
    : cleaned;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) ? Object.keys(value).length === 0 : value === undefined || value === '';
}

/** As `fix_text` of ftfy does, but for its repair of wrongly decoded texts, and without white space around and zero width. */
export function cleanText(text: string): string {
  const unescaped = text.includes('<') ? text : text.replaceAll(ENTITY, toCharacter);
  return unescaped
    .trim()
    .replaceAll(/\r\n|[\r\u2028\u2029\u0085]/g, '\n')
    .replaceAll(LIGATURE, (letter) => letter.normalize('NFKC'))
    .replaceAll(OTHER_WIDTH, (letter) => letter.normalize('NFKC'))
    .replaceAll(/[\u02bc\u2018-\u201b]/g, "'")
    .replaceAll(/[\u201c-\u201f]/g, '"')
    .replaceAll(CONTROL, '')
    .normalize('NFC');
}

/** ftfy resolves entities in texts without `<`, by the full list of HTML. These are the ones of the sources. */
const ENTITY = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

function toCharacter(entity: string, decimal?: string, hexadecimal?: string, name?: string): string {
  if (name !== undefined) return NAMED[name] ?? entity;
  const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : entity;
}

const LIGATURE = /[\ufb00-\ufb06\u0132\u0133\u0149\u01f1-\u01f3\u01c4-\u01cc]/g;
const OTHER_WIDTH = /[\u3000\uff01-\uffef]/g;
/** Those that ftfy drops, those that XML does not allow, and the space of no width. */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u206a-\u206f\ufeff\ufff9-\ufffc\ufffe\uffff]/g;

const IDENTIFIERS: Readonly<Record<string, (identifier: string) => string>> = {
  ror: (text) => text.replace(/^(https?:\/\/)?(www\.)?ror\.org\//i, ''),
  orcid: (text) => grouped(text.replace(/^(https?:\/\/)?orcid\.org\//i, '')),
  gnd: (text) => text.replace(/^(gnd:|(https?:\/\/)?d-nb\.info\/gnd\/)/i, ''),
  viaf: (text) => text.replace(/^(https?:\/\/)?(www\.)?viaf\.org\/viaf\//i, '').replace(/^viaf:/i, ''),
  wikidata: (text) => text.replace(/^(https?:\/\/)?(www\.)?wikidata\.org\/(wiki|entity)\//i, ''),
  doi: (text) => text.replace(/^(doi:\s*|(https?:\/\/)?(dx\.)?doi\.org\/)/i, ''),
};

function cleanIdentifier(identifier: string, scheme: string): string {
  return IDENTIFIERS[scheme]?.(identifier) ?? identifier;
}

function grouped(text: string): string {
  const digits = text.replaceAll(/[\s-]/g, '');
  return digits.match(/.{1,4}/g)?.join('-') ?? text;
}
