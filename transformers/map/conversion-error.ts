/** What the conversions of `map` share: the error for a value that does not fit, and the limits on texts. */
import { describeFound } from '../../src/job/check/problem.ts';

/** A value that a conversion does not accept. `expected` continues the sentence "Expected …". */
export class ConversionError extends Error {
  readonly expected: string;
  readonly found: string;

  constructor(expected: string, value: unknown, found = describeFound(value)) {
    super(`expected ${expected}, found ${found}`);
    this.name = 'ConversionError';
    this.expected = expected;
    this.found = found;
  }
}

/** The most characters of a text before and after conversion. */
export const LONGEST_TEXT = 1_000_000;
/** Quotes a text or a number. */
export function textOf(value: unknown, expected: string, longest = LONGEST_TEXT): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new ConversionError(expected, value);
  if (value.length > longest) throw new ConversionError(`${expected} of at most ${String(longest)} characters`, value);
  return value;
}
