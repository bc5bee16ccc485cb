/**
 * Converts the errors of PostgreSQL and its driver into errors with a remedy. This is the only file with SQLSTATE
 * codes. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
import { ConfigError, StateError, UnavailableError, VocabSyncError, messageOf } from '../errors.ts';

/** 08 connection, 57P0 shutdown or crash, sockets. The connection is lost. */
const LOST =
  /^(08...|57P0[1-5]|E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN))$/;
/** The messages that pg and pg-pool throw without a code. */
const LOST_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection/i;

interface Transient {
  readonly codes: RegExp;
  readonly text: string;
}

const TRANSIENT: readonly Transient[] = [
  { codes: /^53[03]00$/, text: 'PostgreSQL has no connection left. Raise max_connections, or end other sessions' },
  { codes: /^53...$/, text: 'PostgreSQL has not enough memory or exceeds a limit. Look at its log' },
  {
    codes: /^57014$/,
    text: 'A statement was cancelled, by an administrator or a timeout. Look who cancels statements',
  },
  {
    codes: /^25006$/,
    text: 'The database accepts no writes: it is a standby, or its storage is read-only. Let DATABASE_URL name the primary server',
  },
  { codes: /^(40001|40P01|55P03|55006)$/, text: 'The transaction lost against another one, or an object is locked' },
  { codes: /^58...$/, text: 'PostgreSQL met an error of its system or its disk. Look at its log' },
];

const REFUSED: readonly Transient[] = [
  { codes: /^42501$/, text: 'A right is missing. Grant it to the user of DATABASE_URL' },
  {
    codes: /^(22P05|22021)$/,
    text: 'The database cannot store a character, because its encoding is not UTF8. Create a database with ENCODING UTF8 and set DATABASE_URL to it',
  },
];

/** 28 login, 3D000 no such database. */
const LOGIN = /^(28...|3D000)$/;

/**
 * 42P01 table, 42703 column, 3F000 schema, 42883 function, 42804 and 42809 type, 23 constraints (23502 not null, 23505
 * unique), P0001 an exception of a trigger: a run only meets them if others altered its tables.
 */
const CHANGED = /^(42P01|42703|3F000|42883|42804|42809|42P10|23...|P0001|22001)$/;

/** Query_canceled: a statement timeout or `pg_cancel_backend` ended the statement. */
export const isCancelled = (error: unknown): boolean => codeOf(error) === '57014';

/** Undefined for anything that is not an error of the database which an operator can act on. */
export function toDatabaseError(error: unknown): VocabSyncError | undefined {
  if (error instanceof VocabSyncError) return undefined;
  const code = codeOf(error);
  const options = { cause: error, details: { sqlstate: code } };
  const says = messageOf(error);
  if (isLost(error)) {
    const why = [code, says].filter((part) => part !== '').join(': ');
    const text = `PostgreSQL cannot be reached or ended the connection (${why}).`;
    return new UnavailableError('E_DATABASE_UNAVAILABLE', text, { cause: error });
  }
  if (code === '53100') {
    const text = `The disk of PostgreSQL is full: ${says}. Free space there: the run tries again.`;
    return new UnavailableError('E_DISK_FULL', text, options);
  }
  const transient = TRANSIENT.find(({ codes }) => codes.test(code));
  if (transient !== undefined) {
    return new UnavailableError('E_DATABASE_UNAVAILABLE', `${transient.text}: ${says} (${code}).`, options);
  }
  const refused = REFUSED.find(({ codes }) => codes.test(code));
  if (refused !== undefined) {
    return new ConfigError('E_DATABASE_REFUSED', `${refused.text}: ${says} (${code}).`, options);
  }
  if (LOGIN.test(code)) {
    const text = `PostgreSQL refuses the connection that DATABASE_URL describes: ${says} (${code}). Correct the user, the password or the database in it.`;
    return new ConfigError('E_SETTINGS_INVALID', text, options);
  }
  if (!CHANGED.test(code)) return undefined;
  const text = `A table is not as the run expects it: ${says} (${code}). Nothing was published. Check who alters or drops tables, then run again.`;
  return new StateError('E_TARGET_CHANGED', text, options);
}

/** Returns whether the connection or the server is lost, so that the connection must not be used again. */
export function isLost(error: unknown): boolean {
  return LOST.test(codeOf(error)) || LOST_MESSAGE.test(messageOf(error));
}

/** Returns the SQLSTATE or the code of the operating system, or an empty text if the error has no code. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** The SQLSTATE of an error or of its cause: database errors are converted where a connection is lent. */
export function sqlStateOf(error: unknown): string {
  const own = codeOf(error);
  return error instanceof VocabSyncError ? codeOf(error.cause) : own;
}
