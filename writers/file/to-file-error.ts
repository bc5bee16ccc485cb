/** Converts an error of the operating system about a target file to one that an operator can act on. */
import { requireAllowedFile } from '../../src/allowed-folders.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Runs file work for `path`, where jobs may use it. */
export async function onFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  requireAllowedFile(path);
  try {
    return await work();
  } catch (error) {
    throw toFileError(error, path);
  }
}

/** Returns the error unchanged if it is not a known error of the operating system. */
export function toFileError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const options = { cause: error, details: { path, code } };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UnavailableError(
        'E_DISK_FULL',
        `The disk of ${path} is full (${code}), so nothing was published there. Free space: the run tries again.`,
        options,
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return new ConfigError(
        'E_FILE_NOT_FOUND',
        `Expected a directory for ${path}, found none (${code}). Create it on the machine of the worker, or correct "path" in the args of the file writer.`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ConfigError(
        'E_FILE_NOT_FOUND',
        `Expected to be allowed to write ${path} and into its directory, and was refused (${code}). Let the user of the worker write there, or choose another "path".`,
        options,
      );
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new ConfigError(
        'E_FILE_NOT_FOUND',
        `Expected a path that can be opened, found ${path} (${code}). Correct "path" in the args of the file writer.`,
        options,
      );
    default:
      return error;
  }
}
