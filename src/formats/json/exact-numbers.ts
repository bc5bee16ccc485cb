/**
 * JSON numbers that a double cannot hold keep their digits, as text. JSON.parse rounds an integer beyond 2^53 to its
 * neighbour, makes Infinity of 1e400 and 0 of 1e-400. A decimal fraction becomes its nearest double, as RFC 8259 allows.
 */

const NUMBER = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const NUMBERS = /-?\d[\d.eE+-]*/g;

/**
 * A number of 16 digits or with an exponent of three, which a double may not hold, up to where a number ends in JSON. Finds
 * such text in a string as well, but not in hexadecimal ids such as `::5e1230…f`, which a third of some sources hold.
 */
const SUSPECT = /[\s:,[]-?\d(?:[\d.]{15,}(?:[eE][-+]?\d+)?|[\d.]*[eE][-+]?\d{3,})(?=[\s,}\]]|$)/;
const SUSPECT_EXPONENT = /\d[eE][-+]?\d{3}/;
const SUSPECT_LENGTH = 16;

/**
 * Whether `text`, which is `bytes` from `start` to `end`, needs `parseJsonExactly`. Takes a sixth of the time of
 * JSON.parse (ROR records); the regular expression for both cases takes a third.
 */
export function mayHoldInexactNumber(text: string, bytes: Buffer, start: number, end: number): boolean {
  return SUSPECT_EXPONENT.test(text) || hasLongNumber(bytes, start, end);
}

/** Every run of 16 digits has one at a multiple of 16. */
function hasLongNumber(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start + SUSPECT_LENGTH - 1; i < end; i += SUSPECT_LENGTH) {
    if (!isDigitOrPoint(bytes[i])) continue;
    let from = i;
    let to = i + 1;
    while (from > start && isDigitOrPoint(bytes[from - 1])) from--;
    while (to < end && isDigitOrPoint(bytes[to])) to++;
    if (to - from >= SUSPECT_LENGTH && mayEndNumber(bytes, to, end)) return true;
    i += Math.floor((to - i - 1) / SUSPECT_LENGTH) * SUSPECT_LENGTH;
  }
  return false;
}

/**
 * Space, `,`, `]`, `}`, or the exponent. Ids often contain long runs of digits, but in quotes or followed by letters.
 */
function mayEndNumber(bytes: Buffer, at: number, end: number): boolean {
  const byte = at < end ? bytes[at] : undefined;
  return byte === undefined || byte <= 0x20 || [0x2c, 0x45, 0x5d, 0x65, 0x7d].includes(byte);
}

function isDigitOrPoint(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || byte === 0x2e);
}

/** Like JSON.parse, but a number that a double cannot hold becomes the text of its literal. Throws SyntaxError. */
export function parseJsonExactly(text: string): unknown {
  if (!isSuspect(text)) return JSON.parse(text);
  const exact = quoteInexactNumbers(text);
  if (exact === text) return JSON.parse(text);
  try {
    return JSON.parse(exact);
  } catch {
    // Throws the error with the positions of the original text.
    return JSON.parse(text);
  }
}

/** Returns the first number literal in well-formed JSON that a double cannot hold. */
export function findInexactNumber(text: string): string | undefined {
  if (!isSuspect(text)) return undefined;
  for (const literal of numberLiterals(text)) {
    if (JSON_NUMBER.test(literal[0]) && typeof toExactNumber(literal[0]) === 'string') return literal[0];
  }
  return undefined;
}

/**
 * Returns the number of a decimal literal, or the literal itself if a double would have another value: an integer
 * beyond 2^53, an overflow, or an underflow to zero.
 */
export function toExactNumber(literal: string): number | string {
  const value = Number(literal);
  if (!Number.isFinite(value)) return literal;
  if (value === 0) return /^[-+]?[0.]*[1-9]/.test(literal) ? literal : 0;
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  return /[.eE]/.test(literal) && significant(literal) === significant(String(value)) ? value : literal;
}

function isSuspect(text: string): boolean {
  return SUSPECT.test(text) || /^-?\d/.test(text);
}

function quoteInexactNumbers(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  for (const { 0: literal, index } of numberLiterals(text)) {
    if (literal.length < 3 || !JSON_NUMBER.test(literal) || typeof toExactNumber(literal) === 'number') continue;
    parts.push(text.slice(copied, index), '"', literal, '"');
    copied = index + literal.length;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied);
}

/** Yields what looks like a number outside strings. */
function* numberLiterals(text: string): Generator<{ readonly 0: string; readonly index: number }> {
  for (let from = 0; from < text.length;) {
    const quote = text.indexOf('"', from);
    const end = quote < 0 ? text.length : quote;
    const between = text.slice(from, end);
    for (const match of between.matchAll(NUMBERS)) yield { 0: match[0], index: from + match.index };
    from = quote < 0 ? text.length : closingQuote(text, quote) + 1;
  }
}

/** Returns the index of the quote that closes the string, or the end of the text. */
export function closingQuote(text: string, opening: number): number {
  for (let i = text.indexOf('"', opening + 1); i >= 0; i = text.indexOf('"', i + 1)) {
    let backslashes = 0;
    while (text[i - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return i;
  }
  return text.length;
}

/** Returns sign, digits without outer zeros, and exponent: equal texts are equal values. */
function significant(literal: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(literal.replace(/^\+/, '')) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const shortened = trimZeros(digits);
  return `${sign}${shortened}e${String(Number(exponent) - fraction.length + digits.length - shortened.length)}`;
}

function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
