/**
 * The layout of the spool, below `downloads/`:
 *
 * <key>.part and <key>.part.json: a current or interrupted download, and its metadata
 * <key>.lock: the process that works on it
 * <key>.json: the last complete file of this address
 * <sha256>/<name>: complete files by their digest
 *
 * `key` is derived from the address. The address itself is stored nowhere, because it may contain a token.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export interface SpoolPaths {
  readonly directory: string;
  readonly part: string;
  readonly partAbout: string;
  readonly lock: string;
  readonly record: string;
}

export function spoolPathsOf(directory: string, url: string): SpoolPaths {
  const key = createHash('sha256').update(url).digest('hex').slice(0, 32);
  const path = (ending: string): string => join(directory, `${key}.${ending}`);
  return {
    directory,
    part: path('part'),
    partAbout: path('part.json'),
    lock: path('lock'),
    record: path('json'),
  };
}

/** Returns the path of a complete file. `digest` is `sha256:…`. */
export function completePathOf(directory: string, digest: string, name: string): string {
  return join(directory, digest.replace(/^sha256:/, ''), name);
}
