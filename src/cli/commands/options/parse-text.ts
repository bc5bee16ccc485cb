/** Parses options whose text is stored and shown: never empty, and no longer than the same text in a job file. */
import { InvalidArgumentError } from 'commander';

const LONGEST = {
  title: 250,
  queue: 200,
  name: 200,
  reason: 2_000,
  target: 2_000,
  role: 63,
  text: 500,
  command: 100_000,
} as const;

export function parseText(what: keyof typeof LONGEST): (written: string) => string {
  const most = LONGEST[what];
  return (written) => {
    const { length } = written.trim();
    if (length > 0 && length <= most) return written;
    throw new InvalidArgumentError(`expected 1 to ${String(most)} characters, found ${String(length)}.`);
  };
}
