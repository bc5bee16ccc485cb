/** Reads what a workbook holds besides its cells: its sheets, its shared texts, and the number formats of its styles. */
import type { FileHandle } from 'node:fs/promises';
import { quote } from '../../clip.ts';
import { LimitError, SourceError } from '../../errors.ts';
import { checkUnpacked, type UnpackLimits } from '../archive/limits.ts';
import { readStart } from '../bytes/file-range.ts';
import { describeContent } from '../bytes/sniff-content.ts';
import { readXmlEvents, type XmlEvent } from '../xml/events.ts';
import { XmlFault } from '../xml/fault.ts';
import { readZipDirectory, type ZipMember } from '../zip/directory.ts';
import { readZipMember } from '../zip/member.ts';
import { kindOfFormat, type NumberKind } from './number-text.ts';

export interface WorkbookOptions extends UnpackLimits {
  readonly name: string;
  readonly open: () => Promise<FileHandle>;
  /** The maximum size of all shared texts together, in memory. */
  readonly maxSharedBytes: number;
}

export interface Sheet {
  readonly name: string;
  readonly isHidden: boolean;
  /** The member of the archive. */
  readonly path: string;
}

export interface Workbook {
  readonly sheets: readonly Sheet[];
  readonly is1904: boolean;
  readonly shared: readonly string[];
  /** By the style of a cell. */
  readonly kinds: readonly NumberKind[];
  events(sheet: Sheet): AsyncIterable<readonly XmlEvent[]>;
}

const MOST_MEMBERS = 10_000;
const MOST_SHEETS = 1_000;
const MOST_STYLES = 100_000;
const XML = { maxTokenBytes: 1024 * 1024, maxDepth: 64 };
/** Excel's own limit of a cell is 32,767 characters. */
const CELL_BYTES = 8;

export async function openWorkbook(options: WorkbookOptions): Promise<Workbook> {
  const members = await readMembers(options);
  const part = (path: string): AsyncIterable<readonly XmlEvent[]> | undefined => {
    const member = members.get(path.toLowerCase());
    return member === undefined ? undefined : eventsOf(member, options);
  };
  const path = await findWorkbook(part, options.name);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const targets = await readTargets(part(`${folder}_rels/${path.slice(folder.length)}.rels`), folder);
  const { sheets, is1904 } = await readSheets(required(part(path), path, options.name), targets.byId);
  return {
    sheets,
    is1904,
    shared: await readShared(part(targets.byType('sharedStrings') ?? ''), options),
    kinds: await readStyles(part(targets.byType('styles') ?? '')),
    events: (sheet) => required(part(sheet.path), sheet.path, options.name),
  };
}

async function readMembers(options: WorkbookOptions): Promise<ReadonlyMap<string, ZipMember>> {
  const handle = await options.open();
  try {
    await refuseOtherFormats(handle, options.name);
    const members = await readZipDirectory(handle, options.name, { maxEntries: MOST_MEMBERS });
    const byName = new Map(members.map((member) => [member.name.toLowerCase(), member]));
    if (byName.has('xl/workbook.bin')) throw unusable(options.name, 'it is a binary workbook (.xlsb)', SAVE_AS);
    if (byName.has('content.xml')) throw unusable(options.name, 'it is an OpenDocument file (.ods)', SAVE_AS);
    if (!byName.has('[content_types].xml')) throw unusable(options.name, 'it is a zip archive of something else', '');
    return byName;
  } finally {
    await handle.close();
  }
}

const SAVE_AS = 'Open it in a spreadsheet program and save it as an Excel workbook (.xlsx).';
const COMPOUND_FILE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
/** The names of the parts of a compound file are near its start or its end. */
const SEARCHED = 1024 * 1024;

/** Workbooks with a password or from before 2007 are compound files, not zip files. */
async function refuseOtherFormats(handle: FileHandle, name: string): Promise<void> {
  const start = await readStart(handle, 1024);
  if (start.subarray(0, COMPOUND_FILE.length).equals(COMPOUND_FILE)) {
    const isEncrypted = (await readStart(handle, SEARCHED)).includes(Buffer.from('EncryptedPackage', 'utf16le'));
    throw isEncrypted
      ? unusable(name, 'it is encrypted', 'Open it with its password and save it without one.')
      : unusable(name, 'it is a workbook of Excel 97 to 2003 (.xls)', SAVE_AS);
  }
  if (start.subarray(0, 2).toString('latin1') === 'PK') return;
  throw unusable(
    name,
    `it is ${describeContent(start) ?? 'something else'}`,
    'For tables of text use the reader "csv".',
  );
}

async function* eventsOf(
  member: ZipMember,
  options: WorkbookOptions,
): AsyncGenerator<readonly XmlEvent[], void, undefined> {
  if (member.isEncrypted || (member.method !== 0 && member.method !== 8)) {
    throw unusable(
      options.name,
      `its part ${quote(member.name)} is encrypted or compressed in an unknown way`,
      SAVE_AS,
    );
  }
  checkUnpacked(member.name, member.bytes, member.packedBytes, options);
  try {
    yield* readXmlEvents(readZipMember(options.open, member), XML);
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    throw unusable(options.name, `its part ${quote(member.name)} is broken: ${error.message}`, SAVE_AS);
  }
}

type Part = (path: string) => AsyncIterable<readonly XmlEvent[]> | undefined;

function required(
  events: AsyncIterable<readonly XmlEvent[]> | undefined,
  path: string,
  name: string,
): AsyncIterable<readonly XmlEvent[]> {
  if (events !== undefined) return events;
  throw unusable(name, `its part ${quote(path)} is missing`, SAVE_AS);
}

async function findWorkbook(part: Part, name: string): Promise<string> {
  const found = (await readTargets(part('_rels/.rels'), '')).byType('officeDocument') ?? 'xl/workbook.xml';
  if (part(found) === undefined) throw unusable(name, 'it is not a spreadsheet', SAVE_AS);
  return found;
}

interface Targets {
  readonly byId: ReadonlyMap<string, string>;
  byType(type: string): string | undefined;
}

/** The parts that a part refers to, by path in the archive. */
async function readTargets(events: AsyncIterable<readonly XmlEvent[]> | undefined, folder: string): Promise<Targets> {
  const byId = new Map<string, string>();
  const byType = new Map<string, string>();
  for await (const { name, attributes } of startsOf(events)) {
    if (name !== 'Relationship' || attributes.get('TargetMode') === 'External') continue;
    const target = attributes.get('Target') ?? '';
    const path = target.startsWith('/') ? target.slice(1) : joined(folder, target);
    byId.set(attributes.get('Id') ?? '', path);
    byType.set((attributes.get('Type') ?? '').split('/').at(-1) ?? '', path);
    if (byId.size > MOST_MEMBERS) break;
  }
  return { byId, byType: (type) => byType.get(type) };
}

function joined(folder: string, target: string): string {
  const names: string[] = [];
  for (const name of `${folder}${target}`.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '.' && name !== '') names.push(name);
  }
  return names.join('/');
}

type Start = Extract<XmlEvent, { kind: 'start' }>;

async function* startsOf(
  events: AsyncIterable<readonly XmlEvent[]> | undefined,
): AsyncGenerator<Start, void, undefined> {
  if (events === undefined) return;
  for await (const batch of events) for (const event of batch) if (event.kind === 'start') yield event;
}

async function readSheets(events: AsyncIterable<readonly XmlEvent[]>, targets: ReadonlyMap<string, string>) {
  const sheets: Sheet[] = [];
  let is1904 = false;
  for await (const { name, attributes } of startsOf(events)) {
    if (name === 'workbookPr') is1904 = /^(?:1|true)$/.test(attributes.get('date1904') ?? '');
    if (name !== 'sheet' || sheets.length >= MOST_SHEETS) continue;
    const id = [...attributes].find(([key]) => key === 'id' || key.endsWith(':id'))?.[1] ?? '';
    const path = targets.get(id);
    // A sheet that is a chart or a dialog has no cells, and its part is of another kind.
    if (path === undefined || !/worksheets?\//i.test(path)) continue;
    sheets.push({
      name: attributes.get('name') ?? '',
      isHidden: (attributes.get('state') ?? 'visible') !== 'visible',
      path,
    });
  }
  return { sheets, is1904 };
}

/** The texts that cells refer to by number. Phonetic guides (`rPh`) are no part of the text. */
async function readShared(
  events: AsyncIterable<readonly XmlEvent[]> | undefined,
  { name, maxSharedBytes }: WorkbookOptions,
): Promise<readonly string[]> {
  const texts: string[] = [];
  if (events === undefined) return texts;
  const item = createTextItem();
  let bytes = 0;
  for await (const batch of events) {
    for (const event of batch) {
      const text = item.take(event, 'si');
      if (text === undefined) continue;
      bytes += text.length + CELL_BYTES;
      if (bytes > maxSharedBytes) throw tooManyTexts(name, maxSharedBytes);
      texts.push(text);
    }
    if (item.held() > maxSharedBytes) throw tooManyTexts(name, maxSharedBytes);
  }
  return texts;
}

export interface TextItem {
  /** Returns the text of an item at its end. */
  take(event: XmlEvent, element: string): string | undefined;
  held(): number;
}

/** Text with or without runs of formatting: all `t` that are not phonetic. */
export function createTextItem(): TextItem {
  let parts: string[] = [];
  let size = 0;
  let isText = false;
  let isPhonetic = false;
  return {
    take(event, element) {
      if (event.kind === 'text') {
        if (isText && !isPhonetic) {
          parts.push(event.text);
          size += event.text.length;
        }
        return undefined;
      }
      const isStart = event.kind === 'start';
      if (event.name === 't') isText = isStart;
      if (event.name === 'rPh') isPhonetic = isStart;
      if (event.name !== element) return undefined;
      const text = parts.join('');
      parts = [];
      size = 0;
      return isStart ? undefined : unescaped(text);
    },
    held: () => size,
  };
}

/** Characters that XML cannot hold are written as `_x000D_`, and the underscore before such a text as `_x005F_`. */
export function unescaped(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

async function readStyles(events: AsyncIterable<readonly XmlEvent[]> | undefined): Promise<readonly NumberKind[]> {
  const codes = new Map<number, string>();
  const kinds: NumberKind[] = [];
  if (events === undefined) return kinds;
  let isCell = false;
  for await (const batch of events) {
    for (const event of batch) {
      if (event.kind === 'text') continue;
      if (event.name === 'cellXfs') isCell = event.kind === 'start';
      if (event.kind !== 'start' || kinds.length > MOST_STYLES) continue;
      const id = Number(event.attributes.get('numFmtId') ?? 0);
      if (event.name === 'numFmt') codes.set(id, event.attributes.get('formatCode') ?? '');
      else if (event.name === 'xf' && isCell) kinds.push(kindOfFormat(id, codes.get(id)));
    }
  }
  return kinds;
}

export function unusable(name: string, fault: string, advice: string): SourceError {
  return new SourceError(
    'E_XLSX_STRUCTURE',
    `${name} should be an Excel workbook (.xlsx), but ${fault}. ${advice}`.trim(),
    {
      details: { resource: name },
    },
  );
}

function tooManyTexts(name: string, most: number): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `The texts of ${name} have more than ${String(most)} characters, the limit of max_shared_bytes. Raise it only for a source that you trust, or split the workbook.`,
    { details: { resource: name, limit: most } },
  );
}
