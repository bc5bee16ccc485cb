/** Replacing a file without changing what it is: its mode, owner and group stay, and so does a symbolic link to it. */
import { lstat, open, readlink, realpath, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../src/errors.ts';
import { codeOf } from './to-file-error.ts';

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/** Returns the path that a symbolic link at `path` leads to, also where nothing is there yet; else `path`. */
export async function followLinks(path: string): Promise<string> {
  let place = path;
  for (let links = 0; await isLink(place); links++) {
    if (links === MOST_LINKS) throw Object.assign(new Error(`too many links: ${path}`), { code: 'ELOOP' });
    const target = await readlink(place);
    // `..` in a link counts from the real directory of the link.
    const directory = await realpath(dirname(place));
    place = resolve(directory, target);
  }
  return place;
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Creates `part` with the mode, owner and group of `place`, where that exists. Throws ConfigError E_TARGET_CONFLICT where
 * the system refuses them.
 */
export async function openAs(part: string, place: string): Promise<FileHandle> {
  const kept = await statIfThere(place);
  if (kept === undefined) return open(part, 'wx');
  // Nobody may read it before its owner and group are right.
  const handle = await open(part, 'wx', 0o600);
  try {
    const made = await handle.stat();
    if (made.uid !== kept.uid || made.gid !== kept.gid) await handle.chown(kept.uid, kept.gid);
    await handle.chmod(kept.mode & 0o7777);
    return handle;
  } catch (error) {
    await handle.close();
    await rm(part, { force: true });
    throw cannotKeep(place, kept, error);
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function cannotKeep(
  path: string,
  { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: number },
  cause: unknown,
): ConfigError {
  const rights = (mode & 0o7777).toString(8);
  return new ConfigError(
    'E_TARGET_CONFLICT',
    `Expected to keep the owner ${String(uid)}, the group ${String(gid)} and the mode ${rights} of ${path}, and the system refused it (${codeOf(cause) ?? 'unknown reason'}). ` +
      'Let the user of the worker own the file and be in its group, or change owner, group or mode of the file.',
    { cause, details: { path, uid, gid, mode: rights } },
  );
}
