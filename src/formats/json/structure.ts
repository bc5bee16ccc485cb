/**
 * Finds the end of a JSON value without parsing it. It is a resumable push-down scanner over bytes that knows the
 * grammar of brackets, commas, colons and strings. It accepts every well-formed value, ends exactly after it, and never
 * calls the beginning of a well-formed value broken. "Broken" therefore means that no continuation can make the value
 * valid. JSON.parse checks numbers, literals and escapes.
 */

export type ScanResult = 'more' | 'done' | 'broken';

export interface StructureScanner {
  /**
   * After `done`, the index after the value; after `broken`, the index of the invalid byte; otherwise the end of the
   * bytes.
   */
  position: number;
  state: number;
  afterString: number;
  isEscaped: boolean;
  depth: number;
  /** After `broken`: the byte would open one level more than the scanner follows. */
  isTooDeep: boolean;
  /** The brackets that are open. */
  stack: Uint8Array;
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
export const DEEPEST = 1024 * 1024;

export function createStructureScanner(): StructureScanner {
  return {
    position: 0,
    state: VALUE,
    afterString: AFTER_VALUE,
    isEscaped: false,
    depth: 0,
    isTooDeep: false,
    stack: new Uint8Array(64),
  };
}

/** Starts over, before the first byte of a value. */
export function resetScanner(scanner: StructureScanner): void {
  scanner.state = VALUE;
  scanner.isEscaped = false;
  scanner.depth = 0;
  scanner.isTooDeep = false;
}

/** Reads `bytes[from..to)`, which continues what was scanned before. */
export function scanStructure(scanner: StructureScanner, bytes: Buffer, from: number, to: number): ScanResult {
  let i = from;
  while (i < to) {
    if (scanner.state === IN_STRING) {
      i = skipString(scanner, bytes, i, to);
      if (i < 0) return stop(scanner, -1 - i, 'broken');
    } else if (scanner.state === IN_SCALAR) {
      while (i < to && KINDS[bytes[i] as number] === PLAIN) i++;
      if (i === to) break;
      scanner.state = AFTER_VALUE;
    } else {
      while (i < to && KINDS[bytes[i] as number] === SPACE) i++;
      if (i === to) break;
      if (!take(scanner, bytes[i] as number)) return stop(scanner, i, 'broken');
      i++;
    }
    if (scanner.depth === 0 && scanner.state === AFTER_VALUE) return stop(scanner, i, 'done');
  }
  return stop(scanner, to, 'more');
}

function stop(scanner: StructureScanner, position: number, result: ScanResult): ScanResult {
  scanner.position = position;
  return result;
}

/**
 * Returns the index after the closing quote, `to` if the quote comes later, or -1 - index of a raw control character.
 */
function skipString(scanner: StructureScanner, bytes: Buffer, from: number, to: number): number {
  let i = scanner.isEscaped ? from + 1 : from;
  scanner.isEscaped = false;
  while (i < to) {
    const byte = bytes[i] as number;
    if (byte > BACKSLASH || STRING_BYTES[byte] === PLAIN) i++;
    else if (byte === QUOTE) {
      scanner.state = scanner.afterString;
      return i + 1;
    } else if (byte === BACKSLASH) i += 2;
    else return -1 - i;
  }
  scanner.isEscaped = i > to;
  return to;
}

/** Moves on by one structural byte; false when the grammar has no place for it. */
function take(scanner: StructureScanner, byte: number): boolean {
  const { state } = scanner;
  const isValueDue = state === VALUE || state === VALUE_OR_CLOSE;
  switch (byte) {
    case QUOTE:
      if (!isValueDue && state !== KEY && state !== KEY_OR_CLOSE) return false;
      scanner.afterString = isValueDue ? AFTER_VALUE : AFTER_KEY;
      scanner.state = IN_STRING;
      return true;
    case OPEN_OBJECT:
      return isValueDue && open(scanner, byte, KEY_OR_CLOSE);
    case OPEN_LIST:
      return isValueDue && open(scanner, byte, VALUE_OR_CLOSE);
    case CLOSE_OBJECT:
      return (state === AFTER_VALUE || state === KEY_OR_CLOSE) && close(scanner, OPEN_OBJECT);
    case CLOSE_LIST:
      return (state === AFTER_VALUE || state === VALUE_OR_CLOSE) && close(scanner, OPEN_LIST);
    case COMMA:
      scanner.state = scanner.stack[scanner.depth - 1] === OPEN_OBJECT ? KEY : VALUE;
      return state === AFTER_VALUE;
    case COLON:
      scanner.state = VALUE;
      return state === AFTER_KEY;
    default:
      scanner.state = IN_SCALAR;
      return isValueDue;
  }
}

function open(scanner: StructureScanner, bracket: number, state: number): boolean {
  if (scanner.depth === DEEPEST) {
    scanner.isTooDeep = true;
    return false;
  }
  if (scanner.depth === scanner.stack.length) {
    const larger = new Uint8Array(scanner.stack.length * 2);
    larger.set(scanner.stack);
    scanner.stack = larger;
  }
  scanner.stack[scanner.depth++] = bracket;
  scanner.state = state;
  return true;
}

function close(scanner: StructureScanner, bracket: number): boolean {
  if (scanner.stack[scanner.depth - 1] !== bracket) return false;
  scanner.depth--;
  scanner.state = AFTER_VALUE;
  return true;
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
