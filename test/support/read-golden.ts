/** A reference output of the shared data: what InvenioRDM made of each entry, in input order. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface GoldenLine {
  readonly in_id: string;
  /** The record; absent where the entry was refused. */
  readonly out?: Readonly<Record<string, unknown>>;
  /** Why it was refused. */
  readonly error?: string;
}

export function readGolden(path: string): readonly GoldenLine[] {
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as GoldenLine);
}
