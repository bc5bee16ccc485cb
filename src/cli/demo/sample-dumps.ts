/** The two small dumps that `npm run build` makes: a few dozen organisations, and what became of them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '../../errors.ts';
import { findPackageRoot } from '../../job/package-root.ts';

/** In the order of their versions. Throws where the build has not made them. */
export async function findSampleDumps(
  directory = join(findPackageRoot(), 'dist', 'samples'),
): Promise<readonly [string, string]> {
  const names = await readdir(directory).catch(() => []);
  const [first, second] = names.filter((name) => name.endsWith('.zip')).sort();
  if (first !== undefined && second !== undefined) return [join(directory, first), join(directory, second)];
  throw new InternalError(
    'E_INTERNAL',
    `Expected two sample dumps in ${directory}, found ${String(names.length)} files. Build them: npm run build`,
  );
}
