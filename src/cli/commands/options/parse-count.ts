/**
 * Parses options that take a count. A file of its own, so that a command without a database does not load its driver.
 */
import { InvalidArgumentError } from 'commander';

export function parseCount(written: string): number {
  const count = Number(written);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('expected a whole number above 0.');
}
