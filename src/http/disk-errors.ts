import { ConfigError, UnavailableError } from '../errors.ts';

/** Runs something that writes into the spool; a full or forbidden disk becomes an error that an operator understands. */
export async function onDisk<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new UnavailableError(
        'E_DISK_FULL',
        `The disk of the spool ${directory} is full. Free space: the download resumes where it stopped.`,
        { cause: error, details: { directory } },
      );
    }
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
      throw new ConfigError(
        'E_SETTINGS_INVALID',
        `The spool ${directory} cannot be written (${code}). Let VOCAB_SYNC_SPOOL name a directory that the worker may write.`,
        { cause: error, details: { directory } },
      );
    }
    throw error;
  }
}
