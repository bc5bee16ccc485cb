/**
 * Chooses where the files of an embedded PostgreSQL are. Normally they are in its directory, with the programs in
 * node_modules. If root starts it as another user who cannot access either, they are below /var/lib/vocab-sync.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from '../component/services.ts';
import { completeSymlinks, copyNativeBinaries, findNativeBinaries } from './native-binaries.ts';
import { canReach, type ServerUser } from './server-user.ts';
import { readHomeFile } from './read-home-file.ts';

const OUTSIDE = '/var/lib/vocab-sync';

export interface PostgresPlace {
  /** The data directory, which initdb makes. */
  readonly data: string;
  /** Holds the data directory; the server user may enter it. */
  readonly parent: string;
  readonly log: string;
  readonly passwordFile: string;
  /** With bin/, lib/, share/. */
  readonly programs: string;
}

export function choosePostgresPlace(directory: string, user: ServerUser | undefined, logger: Logger): PostgresPlace {
  mkdirSync(directory, { recursive: true });
  const parent = user === undefined ? resolve(directory) : reachableParent(resolve(directory), user, logger);
  return {
    data: join(parent, 'data'),
    parent,
    log: join(parent, 'postgres.log'),
    passwordFile: join(directory, 'password'),
    programs: choosePrograms(parent, user),
  };
}

/** Removes the files outside the directory; the directory itself belongs to the caller. */
export function removePostgresPlace(place: PostgresPlace): void {
  rmSync(place.data, { recursive: true, force: true });
  if (dirname(place.parent) === OUTSIDE) rmSync(place.parent, { recursive: true, force: true });
}

/** `location` in the directory names the place outside, so that a deleted home does not come back with old data. */
function reachableParent(directory: string, user: ServerUser, logger: Logger): string {
  const location = join(directory, 'location');
  if (!existsSync(location) && canReach(user, directory)) return directory;
  if (!existsSync(location)) {
    warnOfOrphans(logger);
    const outside = join(OUTSIDE, randomBytes(8).toString('hex'));
    writeFileSync(location, `${outside}\n`);
    logger.info('The embedded PostgreSQL keeps its data outside of the home, which its user cannot enter', {
      home: directory,
      user: user.name,
      place: outside,
    });
  }
  const outside = readHomeFile(location).trim();
  mkdirSync(outside, { recursive: true });
  chmodSync(OUTSIDE, 0o755);
  chmodSync(outside, 0o755);
  writeFileSync(join(outside, 'home'), `${directory}\n`);
  return outside;
}

/** Not removed by us: a home on a volume that is not mounted looks gone too. */
function warnOfOrphans(logger: Logger): void {
  if (!existsSync(OUTSIDE)) return;
  const orphans = readdirSync(OUTSIDE)
    .map((name) => join(OUTSIDE, name))
    .filter((place) => existsSync(join(place, 'home')))
    .filter((place) => !existsSync(readHomeFile(join(place, 'home')).trim()));
  if (orphans.length > 0)
    logger.warn('Databases of home directories that no longer exist take up space and can be deleted', { orphans });
}

function choosePrograms(parent: string, user: ServerUser | undefined): string {
  const native = findNativeBinaries();
  const reachable = user === undefined || canReach(user, native.directory);
  if (reachable && completeSymlinks(native.directory)) return native.directory;
  return copyNativeBinaries(native, user === undefined ? parent : OUTSIDE);
}

/** Makes an empty directory that belongs to the server user. */
export function makeOwnedDirectory(path: string, user: ServerUser | undefined): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { mode: 0o700 });
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}
