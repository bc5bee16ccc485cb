/**
 * Projects of CORDIS to awards of the European Commission. The keys come in a fixed order, so that equal records are
 * equal as JSON text. Where it differs from InvenioRDM: docs/compatibility.md.
 */
import { quote } from '../../src/clip.ts';
import type { Transform } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { toCalendarDate } from '../../src/records/calendar-date.ts';
import { describeValue } from '../../src/records/field-reader.ts';
import { isWebAddress } from '../../src/records/web-address.ts';
import { elementsAt, textAt, textOf } from '../xml-element/read-element.ts';

type Warn = Parameters<Transform>[1]['warn'];

const EUROPEAN_COMMISSION = '00k4n6c32';
/** As long as InvenioRDM makes them. */
const SHORT = 250;

/** `rorIds`: by PIC. */
export function createAwardMapping(rorIds: ReadonlyMap<string, string>): Transform {
  return (value, { warn }) => {
    const project = requireProject(value);
    const number = requireNumber(project);
    const id = `${EUROPEAN_COMMISSION}::${number}`;
    const award: Record<string, unknown> = { id, number };
    const put = (key: string, found: unknown): void => {
      if (found !== undefined) award[key] = found;
    };
    put('title', readByLanguage(project, 'title'));
    put('description', readByLanguage(project, 'objective'));
    put('short_description', readShortDescription(project));
    put('acronym', textAt(project, 'acronym'));
    put('program', readProgram(project));
    put('website', readWebsite(project, id, warn));
    award['funder'] = { id: EUROPEAN_COMMISSION };
    put('start_date', readDate(project, 'startdate', id, warn));
    put('end_date', readDate(project, 'enddate', id, warn));
    put('subjects', unlessEmpty(readSubjects(project)));
    put('organizations', unlessEmpty(readOrganizations(project, rorIds)));
    award['identifiers'] = readIdentifiers(project, number, id, warn);
    return award;
  };
}

/** With `root_element` the reader gives the content of `project`, without it an object that holds it. */
function requireProject(value: unknown): JsonObject {
  const project = isJsonObject(value) && isJsonObject(value['project']) ? value['project'] : value;
  if (isJsonObject(project)) return project;
  throw new RecordError(
    'E_RECORD_TYPE',
    `Expected a CORDIS project (the element "project"), found ${describeValue(value)}.`,
  );
}

function requireNumber(project: JsonObject): string {
  const number = textAt(project, 'id');
  if (number !== undefined) return number;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the number of the CORDIS project in its element "id", found ${describeValue(project['id'])}.`,
  );
}

/** The first of each language; without one it is English, as everything in the files of CORDIS is. */
function readByLanguage(project: JsonObject, name: string): Readonly<Record<string, string>> | undefined {
  const texts = new Map<string, string>();
  for (const element of elementsAt(project, name)) {
    const text = textOf(element);
    const lang = typeof element['@lang'] === 'string' ? element['@lang'].toLowerCase().slice(0, 2) : 'en';
    if (text !== undefined && /^[a-z]{2}$/.test(lang) && !texts.has(lang)) texts.set(lang, text);
  }
  return texts.size === 0 ? undefined : Object.fromEntries([...texts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The title of the first article on the project, else its teaser. */
function readShortDescription(project: JsonObject): { readonly en: string } | undefined {
  const [article] = elementsAt(project, 'relations', 'associations', 'article');
  const text = textAt(article, 'title') ?? textAt(project, 'teaser');
  return text === undefined ? undefined : { en: shorten(text, SHORT) };
}

function readWebsite(project: JsonObject, id: string, warn: Warn): string | undefined {
  for (const link of elementsAt(project, 'relations', 'associations', 'weblink')) {
    if (link['@type'] !== 'relatedWebsite' || link['@represents'] !== 'project') continue;
    const address = textAt(link, 'physurl');
    if (address === undefined) continue;
    if (isWebAddress(address)) return address;
    warn({
      code: 'W_IDENTIFIER_INVALID',
      message: `Expected an http(s) address as the website, found ${quote(address)}: it is left out of ${id}.`,
    });
  }
  return undefined;
}

function readDate(project: JsonObject, name: string, id: string, warn: Warn): string | undefined {
  const text = textAt(project, name);
  const date = text === undefined ? undefined : toCalendarDate(text);
  if (text !== undefined && date === undefined) {
    warn({
      code: 'W_DATE_INVALID',
      message: `Expected a day YYYY-MM-DD in the element "${name}", found ${quote(text)}: it is left out of ${id}.`,
    });
  }
  return date;
}

const DOI = /^(?:https?:\/\/(?:dx\.)?doi\.org\/|doi:)?(10\.\d{4,9}(?:\.\d+)*\/\S+)$/i;

function readIdentifiers(project: JsonObject, number: string, id: string, warn: Warn): readonly unknown[] {
  const address = `https://cordis.europa.eu/projects/${number.replace(/\s/g, '%20')}`;
  const identifiers = [{ identifier: address, scheme: 'url' }];
  const text = textAt(project, 'identifiers', 'grantdoi');
  const doi = text === undefined ? undefined : DOI.exec(text)?.[1];
  if (doi !== undefined) identifiers.push({ identifier: doi, scheme: 'doi' });
  else if (text !== undefined) {
    warn({
      code: 'W_IDENTIFIER_INVALID',
      message: `Expected a DOI in the element "grantDoi", found ${quote(text)}: it is left out of ${id}.`,
    });
  }
  return identifiers;
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** The last part of `/21/39/225` is the term. Each once, in their order. */
function readSubjects(project: JsonObject): readonly { readonly id: string }[] {
  const terms = elementsAt(project, 'relations', 'categories', 'category')
    .filter((category) => category['@classification'] === 'euroSciVoc')
    .map((category) => textAt(category, 'code')?.split('/').at(-1) ?? '')
    .filter((term) => /^\d+$/.test(term));
  return [...new Set(terms)].map((term) => ({ id: `euroscivoc:${term}` }));
}

type Organization = { readonly id: string } | { readonly name: string };

/**
 * Links an organisation by the ROR id of its PIC, else by its name. An organisation with neither is omitted. Each is
 * included once.
 */
function readOrganizations(project: JsonObject, rorIds: ReadonlyMap<string, string>): readonly Organization[] {
  const organizations = new Map<string, Organization>();
  for (const element of elementsAt(project, 'relations', 'associations', 'organization')) {
    const ror = rorIds.get(textAt(element, 'id') ?? '');
    const name = textAt(element, 'legalname');
    if (ror !== undefined) organizations.set(`id ${ror}`, { id: ror });
    else if (name !== undefined) organizations.set(`name ${name}`, { name });
  }
  return [...organizations.values()];
}

/**
 * The programme that gives the legal basis. Of several, the one marked as unique; a few projects (825673) have two of
 * these, `H2020-EU.1.2.` and `H2020-EU.1.2.3.`, or none: the shortest code is the programme of most others.
 */
function readProgram(project: JsonObject): string | undefined {
  const bases = elementsAt(project, 'relations', 'associations', 'programme')
    .filter((programme) => programme['@type'] === 'relatedLegalBasis')
    .map((programme) => ({ code: textAt(programme, 'code'), isUnique: programme['@uniqueprogrammepart'] === 'true' }));
  const unique = bases.filter(({ isUnique }) => isUnique);
  const codes = (unique.length > 0 ? unique : bases).flatMap(({ code }) => code ?? []);
  return codes.sort((a, b) => a.length - b.length)[0];
}

/** A text of at most so many characters, cut at a word and marked with `…` where it was longer. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const start = text.slice(0, most - 1);
  // A cut inside a surrogate pair would leave half of it.
  const whole = /[\ud800-\udbff]$/.test(start) ? start.slice(0, -1) : start;
  const nextIsSpace = /^\s/.test(text.slice(whole.length));
  const atWord = nextIsSpace ? whole : whole.replace(/\s+\S*$/, '');
  return `${(atWord === '' ? whole : atWord).trimEnd().replace(/(?:\.\.\.|…)$/, '')}…`;
}
