/** Why a file that an operator named cannot be read, as a sentence. */
import { ConfigError, messageOf } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory; name a file in it',
  ENOTFILE: 'it is not a regular file',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
  ELOOP: 'its symbolic links go in a circle',
  ENAMETOOLONG: 'the name is too long',
};

/**
 * Returns a ConfigError for problems that an operator can fix. Other errors (a failing disk) are returned unchanged.
 */
export function toFileError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const reason = code === undefined ? undefined : REASONS[code];
  if (code === undefined || reason === undefined) return error;
  return new ConfigError(
    'E_FILE_NOT_FOUND',
    `The file ${path} cannot be read: ${reason}. The path is looked up on the machine of the worker, from its working directory.`,
    { cause: error instanceof Error ? error : messageOf(code), details: { path, code } },
  );
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
