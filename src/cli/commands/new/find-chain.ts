/** Finds the readers for a source: the first by its address, the others by looking at its bytes, archives before their content. */
import { isUtf8 } from 'node:buffer';
import { resolve } from 'node:path';
import type { Catalog } from '../../../component/catalog.ts';
import type { ContainerReader, ReadContext } from '../../../component/reader.ts';
import type { PlacedResource, Resource } from '../../../component/resource.ts';
import { ConfigError } from '../../../errors.ts';
import { CONTENT_TEXTS, isUtf16, sniffContent, type ContentKind } from '../../../formats/bytes/sniff-content.ts';
import { describeFound } from '../../../job/check/problem.ts';
import { redactUrl } from '../../../http/url-policy.ts';
import { describeMissing, findEnvelope, findPaging, type Paging } from './find-envelope.ts';

export interface ReaderConfig {
  readonly type: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

export interface FoundChain {
  /** After the source. */
  readonly readers: readonly ReaderConfig[];
  /** The document looks like one page of an API. */
  readonly paging?: Paging;
  /** What a person should know or check, as sentences. */
  readonly notes: readonly string[];
}

const START_BYTES = 64 * 1024;
/** A JSON document up to this size is looked at as a whole. */
const WHOLE_JSON_BYTES = 64 * 1024 * 1024;
const DEEPEST_ARCHIVE = 4;
/** Characters of a document that is one text or number, and no table. */
const LONGEST_SCALAR = 1000;
/** In this order where an archive has several. */
const EXTENSIONS = [
  'json',
  'jsonl',
  'ndjson',
  'xml',
  'csv',
  'tsv',
  'xlsx',
  'parquet',
  'yaml',
  'yml',
  'rdf',
  'ttl',
  'gz',
];

/** Throws ConfigError E_USAGE for bytes that no reader accepts, and SourceError or UnavailableError of the source. */
export async function findChain(resource: Resource, catalog: Catalog, context: ReadContext): Promise<FoundChain> {
  const readers: ReaderConfig[] = [];
  const notes: string[] = [];
  let inner = resource;
  for (let depth = 0; depth < DEEPEST_ARCHIVE; depth++) {
    const start = await startOf(inner, START_BYTES);
    const container = containerOf(start);
    if (container === undefined) {
      const found = await findParser(inner, start);
      return { ...found, readers: [...readers, ...found.readers], notes: [...notes, ...found.notes] };
    }
    const opened = await open(await requireContainer(catalog, container), inner, context);
    if (opened.isWorkbook) return { readers: [...readers, { type: 'xlsx' }], notes };
    readers.push(opened.config);
    if (opened.note !== undefined) notes.push(opened.note);
    inner = opened.member;
  }
  throw unknown(resource.name, 'archives within archives');
}

function containerOf(start: Buffer): 'zip' | 'gzip' | 'tar' | undefined {
  const found = sniffContent(start);
  return found === 'zip' || found === 'gzip' || found === 'tar' ? found : undefined;
}

async function requireContainer(catalog: Catalog, type: string): Promise<ContainerReader> {
  const reader = await catalog.readers.load(type);
  if (reader?.accepts !== 'bytes' || reader.emits !== 'bytes') throw new Error(`no container ${type}`);
  return reader;
}

interface Opened {
  readonly config: ReaderConfig;
  readonly member: Resource;
  readonly isWorkbook?: boolean;
  readonly note?: string;
}

/** Chooses the members of the kind that is most useful, and takes the first of them. */
async function open(reader: ContainerReader, resource: Resource, context: ReadContext): Promise<Opened> {
  const members: Resource[] = [];
  for await (const given of reader.read(resource, reader.args.parse({}), context)) {
    const some: readonly PlacedResource[] = 'position' in given ? [given] : given;
    members.push(...some.map(({ resource: member }) => member));
    if (reader.type !== 'zip' || members.length > 10_000) break;
  }
  const [first] = members;
  if (first === undefined) throw unknown(resource.name, 'an archive without files');
  if (reader.type === 'gzip') return { config: { type: 'gzip' }, member: first };
  if (members.some(({ name }) => name === 'xl/workbook.xml'))
    return { config: { type: 'xlsx' }, member: first, isWorkbook: true };
  const kinds = EXTENSIONS.filter((extension) => members.some(({ name }) => hasExtension(name, extension)));
  const [kind] = kinds;
  const member = kind === undefined ? first : (members.find(({ name }) => hasExtension(name, kind)) ?? first);
  const args = kind === undefined ? {} : { args: { regex: `\\.${kind}$` } };
  const others = kinds.slice(1).map((extension) => `.${extension}`);
  const note = `${resource.name} holds files of several kinds; those that end in .${kind ?? ''} are read, not ${others.join(', ')}.`;
  return { config: { type: reader.type, ...args }, member, ...(others.length > 0 ? { note } : {}) };
}

function hasExtension(name: string, extension: string): boolean {
  return name.toLowerCase().endsWith(`.${extension}`);
}

/** May hold records. */
const TEXT_KINDS: ReadonlySet<ContentKind> = new Set(['utf16', 'markup', 'json']);

async function findParser(resource: Resource, start: Buffer): Promise<FoundChain> {
  const { name } = resource;
  if (start.subarray(0, 4).toString('latin1') === 'PAR1') return { readers: [{ type: 'parquet' }], notes: [] };
  const content = sniffContent(start);
  if (content === 'html') throw unknown(name, 'an HTML page: give the address of the data itself');
  if (content !== undefined && !TEXT_KINDS.has(content)) throw unknown(name, CONTENT_TEXTS[content]);
  const text = decode(start).trimStart();
  // N-Triples, whose first term looks like a tag.
  if (/^(?:<[^<>\s]+>|_:\S+)\s+<[^<>\s]+>\s/.test(text)) return { readers: [{ type: 'rdf' }], notes: [] };
  if (text.startsWith('<')) return findXml(text);
  if (/^(@prefix|@base|PREFIX |BASE )/i.test(text)) return { readers: [{ type: 'rdf' }], notes: [] };
  if (/^[[{]/.test(text)) return findJson(resource, text);
  const scalar = text.length < LONGEST_SCALAR && start.length < START_BYTES ? text.trim() : '';
  if (isJson(scalar)) throw unknown(name, `one JSON value, ${describeFound(JSON.parse(scalar))}`);
  if (/^\s+(?:pid-type|data-file):/m.test(text) && /^[\w.-]+:\s*$/m.test(text)) throw listOfFixtures(name, text);
  if (/\.ya?ml$/i.test(name) || /^(---\s*$|- \w|\w[\w ]*:\s*$)/m.test(text.split('\n', 1)[0] ?? ''))
    return { readers: [{ type: 'yaml' }], notes: [] };
  return findCsv(start, text);
}

/** The `vocabularies.yaml` of InvenioRDM. */
function listOfFixtures(name: string, text: string): ConfigError {
  const files = [...text.matchAll(/^\s+data-file:\s*["']?([^"'\s]+)/gm)].map(([, file = '']) => file);
  const which = files.length === 0 ? 'one of them' : `one of them, such as ${files.slice(0, 3).join(', ')}`;
  return new ConfigError(
    'E_USAGE',
    `${name} is the list of InvenioRDM's fixtures. The records are in the files that it names. Give --from ${which}.`,
  );
}

async function findJson(resource: Resource, text: string): Promise<FoundChain> {
  const [first = '', second = ''] = text.split('\n').filter((line) => line.trim() !== '');
  if (isJson(first) && /^[[{]/.test(second.trimStart())) return { readers: [{ type: 'jsonl' }], notes: [] };
  if (text.startsWith('[')) return { readers: [{ type: 'json' }], notes: [] };
  const whole = await startOf(resource, WHOLE_JSON_BYTES + 1);
  if (whole.length > WHOLE_JSON_BYTES) {
    const note = `${resource.name} is one JSON object. Name the list of its records in "items" of the reader "json".`;
    return { readers: [{ type: 'json' }], notes: [note] };
  }
  const content = decode(whole);
  // The reader says where it is broken.
  if (!isJson(content)) return { readers: [{ type: 'json' }], notes: [] };
  const value: unknown = JSON.parse(content);
  const items = findEnvelope(value);
  if (items === undefined) return { readers: [{ type: 'json' }], notes: [] };
  const paging = findPaging(value, items);
  const missing = describeMissing(value, items);
  return {
    readers: [{ type: 'json', args: { items } }],
    notes: missing === undefined ? [] : [missing],
    ...(paging === undefined ? {} : { paging }),
  };
}

/** The element that repeats nearest to the root. */
function findXml(text: string): FoundChain {
  if (/<rdf:RDF[\s>]/.test(text)) return { readers: [{ type: 'rdf' }], notes: [] };
  const names: Map<string, number>[] = [];
  let depth = 0;
  for (const [tag, closing, name = '', empty] of text.matchAll(
    /<(\/?)([A-Za-z_][\w:.-]*)(?:"[^"]*"|'[^']*'|[^<>"'])*?(\/?)>/g,
  )) {
    if (closing === '/') {
      depth -= 1;
      continue;
    }
    const level = (names[depth] ??= new Map<string, number>());
    level.set(name, (level.get(name) ?? 0) + 1);
    if (empty !== '/' && tag !== '') depth += 1;
  }
  const found = names.slice(1).flatMap((level) => [...level].filter(([, count]) => count > 1).map(([name]) => name));
  const [element] = found;
  if (element === undefined) return { readers: [{ type: 'xml' }], notes: ['The whole document is one record.'] };
  return { readers: [{ type: 'xml', args: { root_element: element.replace(/^.*:/, '') } }], notes: [] };
}

function findCsv(start: Buffer, text: string): FoundChain {
  const isLatin = !isUtf16(start) && !isUtf8(trimmed(start));
  // Without a mark the reader would take it for UTF-8.
  const unmarked = isUtf16(start) && (start[0] === 0 || start[1] === 0) ? utf16Of(start) : undefined;
  const lines = text
    .split(/\r?\n/)
    .slice(0, 20)
    .filter((line) => line !== '');
  const counts = [',', ';', '\t', '|'].map((delimiter) => {
    const cells = lines.map((line) => line.replaceAll(/"[^"]*"/g, '').split(delimiter).length);
    return { delimiter, cells: Math.min(...cells) };
  });
  const best = counts.reduce((a, b) => (b.cells > a.cells ? b : a));
  const delimiter = best.cells > 1 ? best.delimiter : ',';
  const args = {
    ...(delimiter === ',' ? {} : { csv_options: { delimiter } }),
    ...(isLatin ? { encoding: 'windows-1252' } : {}),
    ...(unmarked === undefined ? {} : { encoding: unmarked }),
  };
  const notes = isLatin
    ? [
        'The file is not UTF-8. It is read as windows-1252, the usual encoding of spreadsheets in Western Europe: check names with accents.',
      ]
    : [];
  return { readers: [{ type: 'csv', ...(Object.keys(args).length > 0 ? { args } : {}) }], notes };
}

/** Without a character that the end of the buffer cut. */
function trimmed(start: Buffer): Buffer {
  let end = start.length;
  while (end > 0 && end > start.length - 4 && ((start[end - 1] ?? 0) & 0x80) !== 0) end -= 1;
  return start.subarray(0, end);
}

function decode(bytes: Buffer): string {
  return new TextDecoder(isUtf16(bytes) ? utf16Of(bytes) : 'utf-8').decode(bytes);
}

function utf16Of(bytes: Buffer): 'utf-16be' | 'utf-16le' {
  return bytes[0] === 0xfe || bytes[0] === 0 ? 'utf-16be' : 'utf-16le';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function startOf(resource: Resource, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of resource.stream()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

function unknown(name: string, found: string): ConfigError {
  return new ConfigError(
    'E_USAGE',
    `Expected data in JSON, CSV, XML, RDF, YAML, Parquet or Excel in ${name}, packed or not, found ${found}.`,
    { details: { name, found } },
  );
}

type LookUp = (name: string) => string | undefined;

/** Returns the first reader: what `--from` names. */
export function sourceOf(from: string, cwd: string, lookUp: LookUp): ReaderConfig {
  if (/^sftp:\/\//i.test(from)) return { type: 'sftp', args: { origin: from, ...sftpLogin(lookUp) } };
  if (/^https?:\/\//i.test(from)) return { type: 'http', args: { origin: from } };
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from))
    throw new ConfigError(
      'E_USAGE',
      `Expected a file, or an http(s) or sftp address in --from, found ${redactUrl(from)}.`,
    );
  return { type: 'file', args: { path: resolve(cwd, from) } };
}

/** A command line is no place for a password, so both come from the environment, where the job finds them later. */
function sftpLogin(lookUp: LookUp): object {
  const isSet = (name: string): boolean => (lookUp(name) ?? '') !== '';
  const passphrase = isSet('SFTP_PASSPHRASE') ? { passphrase: { $secret: 'env:SFTP_PASSPHRASE' } } : {};
  if (isSet('SFTP_PRIVATE_KEY')) return { private_key: { $secret: 'env:SFTP_PRIVATE_KEY' }, ...passphrase };
  if (isSet('SFTP_PASSWORD')) return { password: { $secret: 'env:SFTP_PASSWORD' } };
  throw new ConfigError(
    'E_USAGE',
    'An sftp address needs a login. Set SFTP_PASSWORD, or SFTP_PRIVATE_KEY (the text of the key) and SFTP_PASSPHRASE, in the environment or in .env. The job refers to them.',
  );
}
