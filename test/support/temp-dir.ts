import { rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { makeTempDir } from './make-temp-dir.ts';

/** A directory of its own, gone when the test is over. Call it inside of a test. */
export function tempDir(prefix = 'vocab-sync-'): string {
  const directory = makeTempDir(prefix);
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
