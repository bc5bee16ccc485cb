/** Finds the root of this package with its jobs and record schemas, both from the sources and from dist. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function findPackageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}
