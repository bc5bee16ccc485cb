/** Parses one JSON text into a record, or returns the reason why it is invalid. */
import { isUtf8 } from 'node:buffer';
import type { CodeOf } from '../../error-codes.ts';
import { RecordError, messageOf } from '../../errors.ts';
import { RAW_LIMIT, type ReadFailure } from '../../records/entry.ts';
import { closingQuote, mayHoldInexactNumber, parseJsonExactly } from './exact-numbers.ts';

export interface RecordPlace {
  readonly position: number;
  /** Where the record begins in its resource. */
  readonly byte: number;
  /** For formats of lines, from 1. */
  readonly line?: number;
}

export interface UnparsedRecord {
  readonly code: CodeOf<'record'>;
  readonly reason: string;
}

export type ParsedRecord = { readonly value: unknown } | UnparsedRecord;

/**
 * Parses the bytes from `start` to `end`. Callers with many records in one buffer therefore create no object for each.
 * `__proto__` becomes an own key: JSON.parse never changes prototypes. A number that a double cannot represent becomes
 * text.
 */
export function parseRecord(bytes: Buffer, maxDepth: number, start = 0, end = bytes.length): ParsedRecord {
  const text = bytes.toString('utf8', start, end);
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) {
    return { code: 'E_RECORD_SYNTAX', reason: 'it holds bytes that are not UTF-8' };
  }
  if (isDeeperThan(text, maxDepth)) {
    return { code: 'E_RECORD_TOO_DEEP', reason: `it is nested deeper than max_depth, ${String(maxDepth)} levels` };
  }
  if (hasMoreParts(text)) {
    const reason = `it has more than ${String(MOST_PARTS)} objects, lists and names, or ${String(MOST_COMMAS)} values, the most for one record`;
    return { code: 'E_RECORD_TOO_LARGE', reason };
  }
  try {
    const isSuspect = mayHoldInexactNumber(text, bytes, start, end);
    return { value: isSuspect ? parseJsonExactly(text) : (JSON.parse(text) as unknown) };
  } catch (error) {
    return { code: 'E_RECORD_SYNTAX', reason: messageOf(error) };
  }
}

export function recordFailure(
  code: CodeOf<'record'>,
  reason: string,
  place: RecordPlace,
  start: Buffer,
  cause?: unknown,
): ReadFailure {
  const at = place.line === undefined ? `at byte ${String(place.byte)}` : `in line ${String(place.line)}`;
  const message = `Record ${String(place.position)} ${at} cannot be read: ${reason}.`;
  const error = new RecordError(code, message, { details: { ...place }, cause });
  return { position: place.position, error, raw: rawText(start) };
}

/** More than enough bytes for the raw text of a rejection. */
export const RAW_BYTES = RAW_LIMIT * 4;

/** The first characters of bytes, never ending in half a surrogate pair. */
export function rawText(bytes: Buffer): string {
  const text = bytes.toString('utf8', 0, RAW_BYTES).slice(0, RAW_LIMIT);
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text;
}

/**
 * Asked before parsing, so that a megabyte of brackets never becomes a tower of arrays. Counting the brackets with
 * the engine's own search costs a tenth of JSON.parse on ROR records (25 each); only a text with more brackets than
 * levels are allowed is looked at byte by byte.
 */
function isDeeperThan(text: string, maxDepth: number): boolean {
  if (text.length <= 2 * maxDepth) return false;
  let brackets = 0;
  for (const opening of ['{', '[']) {
    for (let i = text.indexOf(opening); i >= 0 && brackets <= maxDepth; i = text.indexOf(opening, i + 1)) brackets++;
  }
  return brackets > maxDepth && depthOf(text, maxDepth) > maxDepth;
}

/** The parser makes up to 60 bytes of each, however short it is written. Real records have some thousand. */
const MOST_PARTS = 500_000;
/** Values in lists, however short: the worker parses the record once more to compare and publish it. */
const MOST_COMMAS = 2_000_000;

/** Objects, lists, the names in objects, and the commas. A text that is not longer than the limit cannot have more. */
function hasMoreParts(text: string): boolean {
  if (text.length <= MOST_PARTS) return false;
  let parts = 0;
  let commas = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) i = closingQuote(text, i);
    else if (char === COMMA && ++commas > MOST_COMMAS) return true;
    else if ((char === OPEN_LIST || char === OPEN_OBJECT || char === COLON) && ++parts > MOST_PARTS) return true;
  }
  return false;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

/** The nesting of a text, counted no further than one above `limit`. */
function depthOf(text: string, limit: number): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length && deepest <= limit; i++) {
    const char = text[i];
    if (char === '"') i = closingQuote(text, i);
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth--;
  }
  return deepest;
}
