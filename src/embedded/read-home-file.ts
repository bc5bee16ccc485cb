/** The text of a small file in the home: a record, a lock, a password. Throws SmallFileError or what the file system throws. */
import { readSmallFileSync } from '../read-small-file.ts';

const MOST_BYTES = 1024 ** 2;

export function readHomeFile(path: string): string {
  return readSmallFileSync(path, MOST_BYTES).toString('utf8');
}
