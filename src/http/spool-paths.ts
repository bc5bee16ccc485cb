/**
 * The layout of the spool, below `downloads/`:
 *
 *   <key>.part  <key>.part.json   a download that is under way or broke off, and what it is a part of
 *   <key>.lock                    who is working on it
 *   <key>.json                    which complete file this address gave last
 *   <sha256>/<name>               complete files by their digest
 *
 * `key` is made of the address, which itself is written nowhere: it may hold a token.
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

/** Where a complete file lies. `digest` is `sha256:…`. */
export function completePathOf(directory: string, digest: string, name: string): string {
  return join(directory, digest.replace(/^sha256:/, ''), name);
}
