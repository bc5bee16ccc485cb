import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory of its own, gone when the test is over. Call it inside of a test. */
export function tempDir(prefix = 'vocab-sync-'): string {
  const directory = makeTempDir(prefix);
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** The same for `beforeAll` and set-up files; the caller removes it. */
export function makeTempDir(prefix = 'vocab-sync-'): string {
  return realpathSync(mkdtempSync(join(tmpdir(), prefix)));
}
