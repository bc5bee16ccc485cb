/**
 * Derives from the bytes around the first records of a JSON array where records begin and end. The layout is only a
 * guess: JSON.parse proves an end, and a beginning is only used to continue after a broken record.
 */
import { RAW_LIMIT } from '../../records/entry.ts';

export interface JsonLayout {
  /** The white space between the bracket and the first item. */
  learnOpening(space: Buffer): void;
  /** The first well-formed item, and the index after it if it is known. */
  learnItem(item: Buffer): void;
  /** The likely end of the item that begins the view, searched from `from`; -1 when it is not in the view or unknown. */
  likelyEnd(view: Buffer, from: number): number;
  /** The end of a likely end came out wrong (or right): guessing stops when it is wrong too often. */
  judge(wasRight: boolean): void;
  readonly guesses: boolean;
  /** Whether records begin on lines of their own, so that `nextBeginning` can be relied on. */
  readonly hasLines: boolean;
  /**
   * Returns where the next record or the end of the array begins after a broken record; undefined if it is not in the
   * view.
   */
  nextBeginning(view: Buffer): Beginning | undefined;
}

export interface Beginning {
  /** The end of the broken text, without the comma. */
  readonly end: number;
  /** Where to read on: at the next item, or at the bracket that closes the array. */
  readonly next: number;
}

const NEWLINE = 0x0a;
const OPEN_OBJECT = 0x7b;
const LONGEST_INDENT = 256;
const WRONG_GUESSES_ALLOWED = 8;
const CLOSE_LIST = 0x5d;

/**
 * `isNested`: the list is inside a document that may hold other lists. Then only indentation shows where a record begins
 * after a broken one, because the first key of a record may be that of an item of another list.
 */
export function createJsonLayout(isNested = false): JsonLayout {
  /** The line break and white space before each record. */
  let indent: Buffer | undefined;
  /** The line that closes a record in a pretty-printed array, or the line break where each record is one line. */
  let terminator: Buffer | undefined;
  let isLine = false;
  let isLearned = false;
  let wrong = 0;
  /** The beginning of a record up to its first key, for arrays without line breaks. */
  let signature: Buffer | undefined;

  return {
    learnOpening(space) {
      const newline = space.lastIndexOf(NEWLINE);
      if (newline >= 0 && space.length - newline <= LONGEST_INDENT) indent = Buffer.from(space.subarray(newline));
    },
    learnItem(item) {
      if (isLearned) return;
      isLearned = true;
      if (item[0] !== OPEN_OBJECT) return;
      const hasLines = item.includes(NEWLINE);
      if (indent !== undefined && hasLines) {
        const closer = Buffer.concat([indent, Buffer.from('}')]);
        if (indent.length > 1 && item.subarray(-closer.length).equals(closer)) terminator = closer;
        else indent = undefined;
      } else if (indent !== undefined) {
        isLine = true;
        terminator = Buffer.from('\n');
      }
      signature = firstKeyOf(item);
    },
    likelyEnd(view, from) {
      if (terminator === undefined) return -1;
      const found = view.indexOf(terminator, Math.max(0, from - terminator.length));
      if (found < 0) return -1;
      return isLine ? trimSeparator(view, found) : found + terminator.length;
    },
    judge(wasRight) {
      if (wasRight) wrong = Math.max(0, wrong - 1);
      else if (++wrong >= WRONG_GUESSES_ALLOWED) terminator = undefined;
    },
    get guesses() {
      return terminator !== undefined;
    },
    nextBeginning(view) {
      if (indent !== undefined) return byIndent(view, indent);
      return isNested ? undefined : byFirstKey(view, signature);
    },
    get hasLines() {
      return indent !== undefined;
    },
  };
}

/** A line that begins as the line of the first record did. */
function byIndent(view: Buffer, indent: Buffer): Beginning | undefined {
  const record = view.indexOf(Buffer.concat([indent, Buffer.from('{')]), 1);
  const arrayEnd = findListEnd(view, indent, record < 0 ? view.length : record);
  if (record >= 0 && (arrayEnd < 0 || record < arrayEnd)) {
    return { end: trimSeparator(view, record), next: record + indent.length };
  }
  if (arrayEnd < 0) return undefined;
  return { end: trimSeparator(view, arrayEnd), next: view.indexOf(CLOSE_LIST, arrayEnd) };
}

/** The line break before a bracket that is less indented than the records, or not at all; -1 where none is before `to`. */
function findListEnd(view: Buffer, indent: Buffer, to: number): number {
  for (let at = view.indexOf(NEWLINE, 1); at >= 0 && at < to; at = view.indexOf(NEWLINE, at + 1)) {
    let behind = at + 1;
    while (isSpace(view[behind]) && view[behind] !== NEWLINE) behind++;
    const width = behind - at;
    if (view[behind] === CLOSE_LIST && (width === 1 || width < indent.length)) return at;
  }
  return -1;
}

/** `},{"id"` where the first record began with `{"id"`. */
function byFirstKey(view: Buffer, signature: Buffer | undefined): Beginning | undefined {
  if (signature === undefined) return undefined;
  for (let at = view.indexOf(signature, 1); at >= 0; at = view.indexOf(signature, at + 1)) {
    const end = trimSeparator(view, at);
    if (view[end - 1] === 0x7d && view.subarray(end, at).includes(0x2c)) return { end, next: at };
  }
  return undefined;
}

/** Returns the index before the white space, comma and white space that come before `end`. */
function trimSeparator(view: Buffer, end: number): number {
  let i = trimSpace(view, end);
  if (view[i - 1] === 0x2c) i = trimSpace(view, i - 1);
  return i;
}

function trimSpace(view: Buffer, end: number): number {
  let i = end;
  while (i > 0 && isSpace(view[i - 1])) i--;
  return i;
}

export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === NEWLINE || byte === 0x0d || byte === 0x09;
}

/** `{"id"`, as it is written, white space included. */
function firstKeyOf(item: Buffer): Buffer | undefined {
  const match = /^\{\s*"[^"\\]+"/.exec(item.toString('latin1', 0, Math.min(item.length, RAW_LIMIT)));
  return match === null ? undefined : Buffer.from(match[0], 'latin1');
}
