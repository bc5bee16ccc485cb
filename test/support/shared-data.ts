/** The only access to the large real dumps, which a fresh clone does not have. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const DIRECTORY = fileURLToPath(new URL('../../../shared/data', import.meta.url));

let isSaid = false;

/** The path of a file of the shared data; undefined, and one loud line for each test file, where it is absent. */
export function sharedData(...path: readonly string[]): string | undefined {
  const file = join(DIRECTORY, ...path);
  if (existsSync(file)) return file;
  if (!isSaid) {
    isSaid = true;
    process.stderr.write(
      `\nSKIPPED: tests on full real data, because ${file} is not there. The samples of test/compatibility take its place.\n\n`,
    );
  }
  return undefined;
}
