/**
 * Finds where a JSON value ends without parsing it: a resumable push-down scanner over bytes that knows the grammar
 * of brackets, commas, colons and strings. It accepts every well-formed value, ends exactly behind it, and never
 * calls the beginning of a well-formed value broken; so "broken" means that no continuation can mend it. What is
 * inside numbers, literals and escapes is left to JSON.parse.
 */

export type ScanResult = 'more' | 'done' | 'broken';

export interface StructureScanner {
  /** Starts over, before the first byte of a value. */
  reset(): void;
  /** Reads `bytes[from..to)`, which continues what was scanned before. */
  scan(bytes: Buffer, from: number, to: number): ScanResult;
  /** After `done` the index behind the value; after `broken` the byte that cannot be there; else `to`. */
  readonly position: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// What the grammar allows next.
const VALUE = 0;
const VALUE_OR_CLOSE = 1;
const KEY_OR_CLOSE = 2;
const KEY = 3;
const AFTER_KEY = 4;
const AFTER_VALUE = 5;
const IN_STRING = 6;
const IN_SCALAR = 7;

/** A megabyte of bare brackets is no data of anybody; a scanner that remembered them all could be made to hold anything. */
const DEEPEST = 1024 * 1024;

export function createStructureScanner(): StructureScanner {
  let state = VALUE;
  let afterString = AFTER_VALUE;
  let escaped = false;
  let depth = 0;
  let position = 0;
  let stack = new Uint8Array(64);

  function push(opening: number): boolean {
    if (depth === DEEPEST) return false;
    if (depth === stack.length) {
      const larger = new Uint8Array(stack.length * 2);
      larger.set(stack);
      stack = larger;
    }
    stack[depth++] = opening;
    return true;
  }

  /** The index behind the closing quote, `to` when it is further on, or -1 - index of a raw control character. */
  function skipString(bytes: Buffer, from: number, to: number): number {
    let i = escaped ? from + 1 : from;
    escaped = false;
    while (i < to) {
      const byte = bytes[i] as number;
      if (byte > BACKSLASH || STRING_BYTES[byte] === PLAIN) i++;
      else if (byte === QUOTE) {
        state = afterString;
        return i + 1;
      } else if (byte === BACKSLASH) i += 2;
      else return -1 - i;
    }
    escaped = i > to;
    return to;
  }

  /** Moves on by one structural byte; false when the grammar has no place for it. */
  function take(byte: number): boolean {
    switch (byte) {
      case QUOTE:
        if (state === VALUE || state === VALUE_OR_CLOSE) afterString = AFTER_VALUE;
        else if (state === KEY || state === KEY_OR_CLOSE) afterString = AFTER_KEY;
        else return false;
        state = IN_STRING;
        return true;
      case OPEN_OBJECT:
      case OPEN_LIST:
        if (state !== VALUE && state !== VALUE_OR_CLOSE) return false;
        state = byte === OPEN_OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
        return push(byte);
      case CLOSE_OBJECT:
        if ((state !== AFTER_VALUE && state !== KEY_OR_CLOSE) || stack[depth - 1] !== OPEN_OBJECT) return false;
        depth--;
        state = AFTER_VALUE;
        return true;
      case CLOSE_LIST:
        if ((state !== AFTER_VALUE && state !== VALUE_OR_CLOSE) || stack[depth - 1] !== OPEN_LIST) return false;
        depth--;
        state = AFTER_VALUE;
        return true;
      case COMMA:
        if (state !== AFTER_VALUE) return false;
        state = stack[depth - 1] === OPEN_OBJECT ? KEY : VALUE;
        return true;
      case COLON:
        if (state !== AFTER_KEY) return false;
        state = VALUE;
        return true;
      default:
        if (state !== VALUE && state !== VALUE_OR_CLOSE) return false;
        state = IN_SCALAR;
        return true;
    }
  }

  function stop(at: number, result: ScanResult): ScanResult {
    position = at;
    return result;
  }

  return {
    reset() {
      state = VALUE;
      escaped = false;
      depth = 0;
    },
    scan(bytes, from, to) {
      let i = from;
      while (i < to) {
        if (state === IN_STRING) {
          i = skipString(bytes, i, to);
          if (i < 0) return stop(-1 - i, 'broken');
        } else if (state === IN_SCALAR) {
          while (i < to && KINDS[bytes[i] as number] === PLAIN) i++;
          if (i === to) break;
          state = AFTER_VALUE;
        } else {
          while (i < to && KINDS[bytes[i] as number] === SPACE) i++;
          if (i === to) break;
          if (!take(bytes[i] as number)) return stop(i, 'broken');
          i++;
        }
        if (depth === 0 && state === AFTER_VALUE) return stop(i, 'done');
      }
      return stop(to, 'more');
    },
    get position() {
      return position;
    },
  };
}

const PLAIN = 0;
const SPACE = 1;
const STRUCTURE = 2;

/** What a byte is outside strings. */
const KINDS = new Uint8Array(256);
for (const byte of [0x20, 0x0a, 0x0d, 0x09]) KINDS[byte] = SPACE;
for (const byte of [QUOTE, COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) KINDS[byte] = STRUCTURE;

/** Which of the low bytes end or interrupt a string. */
const STRING_BYTES = new Uint8Array(BACKSLASH + 1);
for (let byte = 0; byte < 0x20; byte++) STRING_BYTES[byte] = STRUCTURE;
STRING_BYTES[QUOTE] = STRUCTURE;
STRING_BYTES[BACKSLASH] = STRUCTURE;
