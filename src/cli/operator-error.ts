/** Errors of the system and of PostgreSQL that a setting, a file or a right causes: the operator mends them, they are no bug. */
import { knownError } from '../../activities/known-error.ts';
import { ConfigError, VocabSyncError, messageOf } from '../errors.ts';

const TLS_REFUSES =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET)_\w+|CERT_\w+|ERR_TLS_\w+)$/;
const NO_TLS = /the server does not support SSL connections/i;
const FILE_REFUSES = /^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ENOENT|ELOOP|ENAMETOOLONG|EEXIST)$/;

/** What the operator should read; what nobody foresaw stays as it is. */
export function operatorError(thrown: unknown): unknown {
  if (thrown instanceof VocabSyncError) return thrown;
  const { code = '', path } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : {};
  const message = messageOf(thrown);
  if (TLS_REFUSES.test(code) || NO_TLS.test(message)) {
    const text = `PostgreSQL refuses the connection that DATABASE_URL describes, or what is done with it: ${message}. Correct the user, password, name or sslmode in it, or grant the rights.`;
    return new ConfigError('E_SETTINGS_INVALID', text, { cause: thrown });
  }
  if (FILE_REFUSES.test(code) && path !== undefined) {
    const text = `A file or folder cannot be used: ${message}. Expected one that this user may read and write; look at its path, its rights, and VOCAB_SYNC_HOME.`;
    return new ConfigError('E_FILE_NOT_FOUND', text, { cause: thrown, details: { path } });
  }
  return knownError(thrown) ?? thrown;
}
