/** What a target of the tests has done, in a file that outlives its process: one line for each change of a record. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';

/** A line of the journal. */
export interface Entry {
  readonly id: string;
  /** Null where it was removed. */
  readonly record: Readonly<Record<string, unknown>> | null;
  /** How often the record was changed. */
  readonly version: number;
  /** Of an index: the sequence number. */
  readonly seq?: number;
  /** Of Solr: `_version_`. */
  readonly token?: string;
  /** Of a webhook: the key of the change. */
  readonly key?: string;
}

/** Everything up to the last whole line. */
export function readJournal(path: string): readonly Entry[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
}

/** A line that the kill cut is not done: nothing was answered for it. */
export function mendJournal(path: string): void {
  if (!existsSync(path)) return;
  truncateSync(path, readFileSync(path).lastIndexOf('\n') + 1);
}

export function appendEntries(path: string, entries: readonly Entry[]): void {
  if (entries.length > 0) appendFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

/** While it exists, it holds a number: as soon as the journal has so many lines, nothing more is answered. */
export function holdFileOf(path: string): string {
  return `${path}.hold`;
}
