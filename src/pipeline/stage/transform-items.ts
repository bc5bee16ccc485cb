/** Converts entries into documents for the stage: the transformers of a chain, then the checks of the engine. */
import { hash } from 'node:crypto';
import { Skip, type Transform, type TransformContext } from '../../component/transformer.ts';
import type { Warning } from '../../component/reader.ts';
import { ConfigError, RecordError, UnavailableError, VocabSyncError, messageOf } from '../../errors.ts';
import { redactClipped } from '../../logging/redact.ts';
import { RAW_LIMIT, isFailure, type ReadItem } from '../../records/entry.ts';
import type { Layer } from '../../records/layers.ts';
import type { RecordNotes } from '../../records/notes.ts';
import { countBy, tallyWarning, type Tally } from '../../records/tally.ts';

/** A record ready for the stage. */
export interface StagedDocument {
  readonly id: string;
  /** Canonical: transformers build their keys in a fixed order. */
  readonly json: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface RejectedItem {
  readonly code: string;
  readonly message: string;
  readonly recordId: string | undefined;
  readonly raw: string | undefined;
}

export type ItemResult =
  | { readonly kind: 'staged'; readonly document: StagedDocument }
  /** `deletes` is the id of a record that the source says is gone. */
  | { readonly kind: 'filtered'; readonly code: string; readonly message: string; readonly deletes?: string }
  | { readonly kind: 'rejected'; readonly rejection: RejectedItem };

/** Returns the fault of a document of this vocabulary, or undefined if it is valid. */
export interface RecordCheck {
  (record: unknown): string | undefined;
  /** Adds what the vocabulary derives from other fields of a record. */
  readonly complete?: (record: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

export interface ItemTransform {
  readonly transforms: readonly Transform[];
  readonly check: RecordCheck | undefined;
  /** Only the parts that it owns are staged. Absent: the whole record. */
  readonly layer?: Layer | undefined;
}

/** Takes one item through the chain. Throws ConfigError (the chain is wrong) and UnavailableError (try again later), not for the record. */
export function transformItem(
  item: ReadItem,
  chain: ItemTransform,
  origin: () => string,
  warn: (warning: Warning) => void,
  note: (notes: RecordNotes) => void = () => undefined,
): ItemResult {
  if (isFailure(item)) return rejected(yieldedError(item.error), item.raw, undefined);
  let value = item.value;
  const context: TransformContext =
    item.isDeleted === true ? { origin, warn, note, isDeleted: true } : { origin, warn, note };
  try {
    for (const transform of chain.transforms) {
      value = transform(value, context);
      if (value instanceof Skip) return filtered(value);
      if (value instanceof Promise) throw promised(value);
    }
    if (item.isDeleted === true) return deleted(value);
    return { kind: 'staged', document: toDocument(value, chain.check) };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof UnavailableError) throw error;
    return rejected(asRecordError(error), rawText(item.value), idOf(error));
  }
}

/** Enters a result into the account of its partition. `watched` are the fields of the fill-rate guard. */
export function tallyResult(tally: Tally, result: ItemResult, watched: readonly string[]): void {
  tally.read += 1;
  if (result.kind === 'filtered') {
    tally.filtered += 1;
    countBy(tally.filteredBy, result.code);
  } else if (result.kind === 'rejected') {
    tally.rejected += 1;
    countBy(tally.rejectedBy, result.rejection.code);
    if (result.rejection.recordId === undefined) tally.rejectedWithoutId += 1;
  } else {
    tally.staged += 1;
    for (const field of watched) if (hasField(result.document.value[field])) countBy(tally.filled, field);
  }
}

/** Enters a warning, with the place it came from. */
export function tallyItemWarning(tally: Tally, warning: Warning, origin: string): void {
  tallyWarning(tally, warning.code, `${warning.message} (${origin})`, cleanSample);
}

/** SHA-256 of the JSON text, 64 hex digits. For those alone who keep the document: it takes a fifth of a mapping's time. */
export function hashOf({ json }: StagedDocument): string {
  return hash('sha256', json, 'hex');
}

/** A warning quotes the source, which may repeat the credential that it was asked with. */
export function cleanSample(text: string): string {
  return redactClipped(text, LONGEST_SAMPLE);
}

const LONGEST_SAMPLE = 1000;

/** The longest id that is taken, as in InvenioRDM. */
const MAX_ID_LENGTH = 255;
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

function toDocument(value: unknown, check: RecordCheck | undefined): StagedDocument {
  const given = requireRecord(value);
  const id = requireId(given['id']);
  const record = check?.complete?.(given) ?? given;
  const json = toJson(record, id);
  refuseUnstorableText(json, id);
  const problem = check?.(record);
  if (problem !== undefined) throw new RecordError('E_RECORD_SCHEMA', problem, { details: { id } });
  return { id, json, value: record };
}

/** Characters of JSON. PostgreSQL takes 256 MB as jsonb; a step holds several copies of a record. */
const MOST_DOCUMENT_CHARACTERS = 64 * 1024 ** 2;

function toJson(value: unknown, id: string): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    // A text longer than a string can be. Anything else is a fault of a transformer, such as a cycle.
    if (!(error instanceof RangeError)) throw error;
  }
  if (json !== undefined && json.length <= MOST_DOCUMENT_CHARACTERS) return json;
  const found = json === undefined ? 'more than a text can hold' : String(json.length);
  throw new RecordError(
    'E_RECORD_TOO_LARGE',
    `Expected a record of at most ${String(MOST_DOCUMENT_CHARACTERS)} characters of JSON, found ${found} in record ${id}.`,
    { details: { id } },
  );
}

function filtered({ code, message, deletes }: Skip): ItemResult {
  return { kind: 'filtered', code, message, ...(deletes === undefined ? {} : { deletes: requireId(deletes) }) };
}

/** The record schema says nothing of it: a source that deletes a record need not tell more than its id. */
function deleted(value: unknown): ItemResult {
  const deletes = requireId(requireRecord(value)['id']);
  return { kind: 'filtered', code: 'S_DELETED_AT_SOURCE', message: 'the source says that it is gone', deletes };
}

function requireRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecordError('E_RECORD_TYPE', `Expected the transformers to make an object, found ${describe(value)}.`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function requireId(id: unknown): string {
  if (typeof id !== 'string' || id === '') {
    throw new RecordError('E_RECORD_NO_ID', `Expected a field "id" with a text, found ${describe(id)}.`);
  }
  if (id.length > MAX_ID_LENGTH || CONTROL_CHARACTER.test(id) || !id.isWellFormed()) {
    throw new RecordError(
      'E_RECORD_NO_ID',
      `Expected an id of 1 to ${String(MAX_ID_LENGTH)} printable characters, found ${String(id.length)} beginning ${JSON.stringify(id.slice(0, 40))}.`,
    );
  }
  return id;
}

/** The way in which JSON.stringify writes NUL and lone surrogates. */
const UNSTORABLE = /\\u(0000|d[89a-f])/g;

function refuseUnstorableText(json: string, id: string): void {
  for (const { 1: found, index } of json.matchAll(UNSTORABLE)) {
    if (isEscaped(json, index)) continue;
    const what = found === '0000' ? 'a NUL character (U+0000)' : 'half of a surrogate pair';
    throw new RecordError('E_RECORD_TEXT', `Expected text that a database can store, found ${what} in record ${id}.`, {
      details: { id },
    });
  }
}

/** An odd number of backslashes before it makes the backslash at `index` ordinary text. */
function isEscaped(json: string, index: number): boolean {
  let before = 0;
  while (json[index - 1 - before] === '\\') before++;
  return before % 2 === 1;
}

/** A later rejection of the promise would end the process if it were not handled. */
function promised(value: Promise<unknown>): RecordError {
  value.catch(() => undefined);
  const message =
    'Expected a transformer to return the record, found a promise: its function is async. Write it without async and await, and look things up in `create` or with `lookups`.';
  return new RecordError('E_RECORD_CRASH', message);
}

function asRecordError(error: unknown): RecordError {
  if (error instanceof RecordError) return error;
  return new RecordError('E_RECORD_CRASH', `A transformer failed on this record: ${messageOf(error)}.`, {
    cause: error,
  });
}

/** A reader of a plug-in may yield any error instead of a record. */
function yieldedError(error: unknown): VocabSyncError {
  if (error instanceof VocabSyncError && error.code !== 'E_COMPONENT_CRASH') return error;
  return new RecordError('E_RECORD_CRASH', messageOf(error), { cause: error });
}

function rejected(error: VocabSyncError, raw: string | undefined, recordId: string | undefined): ItemResult {
  return { kind: 'rejected', rejection: { code: error.code, message: error.message, recordId, raw } };
}

/** The id under which the record would have been published, if it is known: such a record does not count as removed. */
function idOf(error: unknown): string | undefined {
  const named: unknown = error instanceof RecordError ? error.details['id'] : undefined;
  return typeof named === 'string' ? named : undefined;
}

/** Never throws: it describes a record that is refused already. */
function rawText(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text?.slice(0, RAW_LIMIT);
  } catch {
    return undefined;
  }
}

function hasField(found: unknown): boolean {
  if (found === undefined || found === null || found === '') return false;
  return !Array.isArray(found) || found.length > 0;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
