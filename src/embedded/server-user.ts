/**
 * PostgreSQL refuses to run as root, so root starts it as another user of the machine. That user must be able to
 * reach its files, which it cannot below a private directory (/root, `mktemp -d`).
 */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';

export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Undefined for an ordinary user, who runs the server as itself. */
export function findServerUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = lookUp('postgres') ?? lookUp('nobody');
  if (user === undefined) {
    throw new ConfigError(
      'E_EMBEDDED_UNSUPPORTED',
      'PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody" to run it as. ' +
        'Run vocab-sync as an ordinary user, or set DATABASE_URL.',
    );
  }
  return user;
}

function lookUp(name: string): ServerUser | undefined {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }).trim());
    return { name, uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether the user can pass through every directory down to `path`, which must exist. */
export function canReach(user: ServerUser, path: string): boolean {
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    const { mode, uid, gid } = statSync(directory);
    const execute = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & execute) === 0) return false;
    if (directory === dirname(directory)) return true;
  }
}
