import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own, for `beforeAll` and set-up files; the caller removes it. */
export function makeTempDir(prefix = 'vocab-sync-'): string {
  return realpathSync(mkdtempSync(join(tmpdir(), prefix)));
}
