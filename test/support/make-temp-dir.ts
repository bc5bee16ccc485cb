import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own, for `beforeAll` and set-up files; the caller removes it. */
export function makeTempDir(prefix = 'vocab-sync-'): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  // So that the embedded PostgreSQL of root, which runs as another user, can keep its data in there.
  chmodSync(directory, 0o755);
  return directory;
}
