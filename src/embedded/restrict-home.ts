/**
 * The home holds passwords, the run key, the history of runs and data that was fetched with credentials, so only its user
 * may look into it. A home of an earlier release is restricted, too. The data of PostgreSQL has its own owner and rights.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const OTHERS = 0o077;
const OWN_FOLDERS = ['servers', 'temporal', 'spool'];
const POSIX = process.platform !== 'win32';

/** Creates the home where it is missing. */
export function restrictHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (!POSIX) return;
  // As root, PostgreSQL runs as another user, which has to pass through; it cannot list the home.
  restrict(home, process.getuid?.() === 0 ? 0o711 : 0o700);
  for (const name of OWN_FOLDERS) {
    const folder = join(home, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if ((lstatSync(folder).mode & OTHERS) !== 0) restrictTree(folder);
  }
}

/** Does nothing where the file is missing. */
export function restrictFile(path: string): void {
  if (POSIX && lstatSync(path, { throwIfNoEntry: false })?.isFile() === true) restrict(path, 0o600);
}

/** The folder itself comes last: when this is interrupted, the next command does it again. */
function restrictTree(folder: string): void {
  if (!lstatSync(folder).isDirectory()) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) restrictTree(path);
    else if (entry.isFile()) restrictFile(path);
  }
  restrict(folder, 0o700);
}

function restrict(path: string, mode: number): void {
  const { mode: found, uid } = lstatSync(path);
  const isOwn = process.getuid?.() === 0 || process.getuid?.() === uid;
  if ((found & 0o777) !== mode && isOwn) chmodSync(path, mode);
}
