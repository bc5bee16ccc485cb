/**
 * Yields the records of an XML document: the outermost elements with one name, or the document itself. Memory is
 * bounded by the limit of one record, regardless of the size of the document. A fault loses as little as possible:
 *
 * - A document that is one record, or in which no record began yet, is one failure at position 0.
 * - A broken record among others is one failure, and reading continues after its end tag.
 * - A fault between records, or a document that ends early after some records, is a SourceError.
 */
import { SourceError } from '../../errors.ts';
import type { ReadItem, ReadFailure } from '../../records/entry.ts';
import { createItemBatch, type ItemBatch } from '../bytes/item-batch.ts';
import { RAW_BYTES, recordFailure, type RecordPlace } from '../json/record.ts';
import { fromUtf8 } from './characters.ts';
import { toUtf8 } from './encoding.ts';
import { createXmlEnvelope, proveXmlToken, takeXmlToken, type XmlEnvelope } from './envelope.ts';
import { shown } from './element-end.ts';
import { XmlFault } from './fault.ts';
import { localName, wantedOf } from './object.ts';
import { skipBrokenRecord } from './skip-broken-record.ts';
import { XmlCutOff, readXmlRecord, type XmlRecordReading } from './record.ts';
import { borrowXmlScan, endOfName, returnXmlScan, textOf, type XmlLimits, type XmlScan } from './scan.ts';
import { nextXmlToken, type BrokenToken, type XmlToken } from './tokens.ts';
import { openXmlView } from './view.ts';

export interface XmlRecordsOptions extends XmlLimits {
  /** The resource, for messages. */
  readonly name: string;
  /** Records before this position are counted, but neither parsed nor yielded. */
  readonly from: number;
  /** The name of the records. Undefined = the document is one, and its value is `{ name: content }`. */
  readonly element: string | undefined;
  /**
   * Paths of the elements that are used, such as `person/name`; the others may be omitted. A path that begins with a
   * slash, such as `/error`, names a root element that may occur instead of a record. It is passed on as `{ error:
   * content }`.
   */
  readonly wanted: readonly string[] | undefined;
  readonly maxRecordBytes: number;
  /** See `toUtf8`. */
  readonly onBlank?: (() => void) | undefined;
  /** The digest of the bytes of the document, in case it is the record. */
  readonly digest?: string | undefined;
}

const SPACE = 0x20;
const LESS = 0x3c;
const GREATER = 0x3e;

interface Document extends XmlRecordReading {
  readonly options: XmlRecordsOptions;
  readonly envelope: XmlEnvelope;
  readonly element: string | undefined;
  /** Root elements that may occur instead of a record. */
  readonly others: ReadonlySet<string>;
  position: number;
  isWhole: boolean;
}

export async function* readXmlRecords(
  source: AsyncIterable<Buffer>,
  options: XmlRecordsOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const document = openDocument(source, options);
  const batch = createItemBatch();
  let ended: SourceError | undefined;
  try {
    for (;;) {
      const begin = document.view.offsetOf(document.scan.at);
      const item = await nextRecord(document);
      if (item === undefined) break;
      const isFull = item.position >= options.from && batch.add(item, document.view.offsetOf(document.scan.at) - begin);
      if (isFull) yield batch.take();
    }
    if (document.position === 0 && options.from === 0) batch.add(withoutElement(document), 0);
  } catch (error) {
    ended = takeFailure(document, error, batch);
  } finally {
    await document.view.close();
    returnXmlScan(document.scan);
  }
  if (!batch.isEmpty) yield batch.take();
  if (ended !== undefined) throw ended;
}

/**
 * Adds the fault to the batch if it only affects the document; otherwise returns the error to throw after the records
 * that were read.
 */
function takeFailure(document: Document, error: unknown, batch: ItemBatch): SourceError | undefined {
  const failure = documentFailure(error, stateOf(document));
  if (failure instanceof SourceError) return failure;
  if (document.options.from === 0) batch.add(failure, 0);
  return undefined;
}

function openDocument(source: AsyncIterable<Buffer>, options: XmlRecordsOptions): Document {
  const scan = borrowXmlScan(options);
  const { elements, roots } = wantedOf(options.wanted);
  return {
    options,
    scan,
    view: openXmlView(toUtf8(source, options.onBlank), scan),
    wanted: elements,
    maxRecordBytes: options.maxRecordBytes,
    envelope: createXmlEnvelope(),
    element: options.element === undefined ? undefined : localName(options.element),
    others: roots,
    position: 0,
    isWhole: false,
  };
}

/** Undefined at the end of a document that is closed. Throws XmlFault and XmlCutOff for what is wrong with it as a whole. */
async function nextRecord(document: Document): Promise<ReadItem | undefined> {
  const { scan, view, envelope, options } = document;
  for (;;) {
    const name = nameAt(scan);
    if (name !== '' && isRecord(document, name)) return readOne(document, name, view.offsetOf(scan.at));
    const found = nextXmlToken(textOf(scan), scan.at);
    if (found === 'more') {
      if (await readOn(document)) continue;
      if (scan.at < scan.bytes.length || envelope.open.length > 0 || envelope.root === undefined) throw new XmlCutOff();
      return undefined;
    }
    const byte = view.offsetOf(scan.at);
    if (isStart(found) && isRecord(document, found.name)) return readOne(document, found.name, byte);
    if ('broken' in found) throw new XmlFault('E_RECORD_SYNTAX', `${found.broken}, at byte ${String(byte)}`);
    const raw = textOf(scan).slice(scan.at, found.end);
    takeXmlToken(envelope, found, raw, byte, options.maxDepth);
    proveXmlToken(found, raw, byte);
    scan.at = found.end;
  }
}

/** The text between records is no longer than a record may be. */
async function readOn({ scan, view, maxRecordBytes }: Document): Promise<boolean> {
  if (scan.bytes.length - scan.at <= maxRecordBytes) return view.more();
  const place = `at byte ${String(view.offsetOf(scan.at))}`;
  throw new XmlFault(
    'E_RECORD_TOO_LARGE',
    `a tag or comment ${place} has more than max_record_bytes, ${String(maxRecordBytes)} bytes`,
  );
}

/** The name of the start tag at this position, if it is in the view. */
function nameAt({ bytes, at }: XmlScan): string {
  if (bytes[at] !== LESS) return '';
  const end = endOfName(bytes, at + 1);
  const code = bytes[end];
  return end > at + 1 && (code === SPACE || code === GREATER) ? bytes.toString('latin1', at + 1, end) : '';
}

function isStart(found: XmlToken | BrokenToken): boolean {
  return 'broken' in found ? found.name !== '' : found.kind === 'start' || found.kind === 'empty';
}

function isRecord({ envelope, element, others }: Document, tag: string): boolean {
  const isRoot = envelope.open.length === 0;
  if (isRoot && envelope.root !== undefined) return false;
  if (element === undefined) return isRoot;
  const name = localName(fromUtf8(tag));
  return name === element || (isRoot && others.has(name));
}

async function readOne(document: Document, name: string, byte: number): Promise<ReadItem> {
  const position = document.position++;
  if (document.envelope.open.length === 0) return readWhole(document, name, position);
  const isWanted = position >= document.options.from;
  try {
    return { position, value: await readXmlRecord(document, isWanted) };
  } catch (error) {
    const start = Buffer.from(document.scan.bytes.subarray(document.scan.at, document.scan.at + RAW_BYTES));
    const fault = await passFault(document, name, error);
    return recordFailure(fault.code, fault.message, { position, byte }, start, fault.cause);
  }
}

/** Moves to the end of a broken record among others. A record that is never closed ends the document. */
async function passFault(document: Document, name: string, error: unknown): Promise<XmlFault> {
  if (!(error instanceof XmlFault) && !(error instanceof XmlCutOff)) throw error;
  if (error instanceof XmlFault && error.endsDocument) throw error;
  if (error instanceof XmlFault && error.behind !== undefined) {
    document.scan.at = error.behind;
    return error;
  }
  const areTagsTrusted = error instanceof XmlFault && error.code !== 'E_RECORD_SYNTAX';
  if (!(await skipBrokenRecord(document, name, areTagsTrusted))) throw new XmlCutOff();
  if (error instanceof XmlFault) return error;
  return new XmlFault('E_RECORD_SYNTAX', 'a tag, a comment or a quotation in it is not closed before its end tag');
}

/** The document is the record: it is handed on once its end was seen. */
async function readWhole(document: Document, tag: string, position: number): Promise<ReadItem> {
  const { envelope, element, others } = document;
  document.isWhole = true;
  const name = localName(fromUtf8(tag));
  const isOther = name !== element && others.has(name);
  const reading = isOther ? { ...document, wanted: undefined } : document;
  const value = await readXmlRecord(reading, position >= document.options.from);
  envelope.root = tag;
  await nextRecord(document);
  const { digest } = document.options;
  return {
    position,
    value: element === undefined || isOther ? { [name]: value } : value,
    ...(digest === undefined ? {} : { digest }),
  };
}

function withoutElement({ element, envelope, scan }: Document): ReadItem {
  const reason = `the document should hold an element <${String(element)}>, but it has none, and its root element is <${shown(envelope.root ?? '')}>`;
  return recordFailure('E_XML_NO_ELEMENT', reason, { position: 0, byte: 0 }, scan.bytes.subarray(0, RAW_BYTES));
}

function stateOf({ options, position, isWhole, view, scan }: Document): Parameters<typeof documentFailure>[1] {
  const start = Buffer.from(scan.bytes.subarray(0, RAW_BYTES));
  return { name: options.name, position, isWhole, bytes: view.offsetOf(scan.bytes.length), start };
}

interface DocumentState {
  readonly name: string;
  /** How many records were read. */
  readonly position: number;
  /** The document itself is the record. */
  readonly isWhole: boolean;
  /** How many bytes of it were seen. */
  readonly bytes: number;
  /** Its beginning, as far as it was kept. */
  readonly start: Buffer;
}

/** One failure in place of the document where nothing of it was handed on; otherwise the error that ends the run. */
function documentFailure(error: unknown, state: DocumentState): ReadFailure | SourceError {
  if (!(error instanceof XmlFault) && !(error instanceof XmlCutOff)) throw error;
  if (state.position > 0 && !state.isWhole) return documentError(error, state);
  const place: RecordPlace = { position: 0, byte: 0 };
  if (error instanceof XmlFault) return recordFailure(error.code, error.message, place, state.start, error.cause);
  if (state.bytes === 0) return recordFailure('E_XML_NOT_XML', 'the document is empty', place, state.start);
  const reason = `the document ends after ${String(state.bytes)} bytes with elements open. It is truncated: fetch it again`;
  return recordFailure('E_RECORD_TRUNCATED', reason, place, state.start);
}

function documentError(error: XmlFault | XmlCutOff, { name, position, bytes }: DocumentState): SourceError {
  const details = { resource: name, position, bytes };
  if (error instanceof XmlFault) {
    return new SourceError(
      'E_XML_STRUCTURE',
      `${name} is broken behind record ${String(position - 1)}, outside of any record: ${error.message}. What follows cannot be told apart. Report it to the source.`,
      { cause: error, details },
    );
  }
  return new SourceError(
    'E_XML_TRUNCATED',
    `${name} should end with the end tag of its root element, but it ends after ${String(bytes)} bytes, at or in record ${String(position)}. It is truncated: fetch it again.`,
    { details },
  );
}
