/** Classifies errors of the other database by what has to happen: wait, ask the operator, or reject one row. */
import { ConfigError, UnavailableError, VocabSyncError, messageOf } from '../../src/errors.ts';
import { codeOf, isLost } from '../../src/postgres/database-error.ts';

/** 53 resources, 57014 cancelled or timed out, 25006 read-only, 40 deadlock, 55 locked, 58 system or disk. */
const TRANSIENT = /^(53...|57014|25006|40...|55...|58...)$/;
/** 28 login, 3D000 no such database, 42501 a missing right. */
const FORBIDDEN = /^(28...|3D000|42501)$/;
/** 42703 column, 42P01 table, 3F000 schema, 42P10 unique index, 42804 type, 428C9 generated column, 42704 no such type. */
const OTHER_FORM = /^(42...|3F000|0A000)$/;
/** 21, 22 values, 23 constraints, 27, 38, 39, 44 and P0 triggers, 54 sizes: another row may be accepted. */
const OF_ROW = /^(2[1237]...|3[89]...|44...|54...|P0...|09...|2F...)$/;
const OF_TLS = /\b(SSL|TLS)\b|certificate/i;

/** Returns PostgreSQL's message if it refuses a row, and undefined if the error concerns more than that. */
export function refusalOf(thrown: unknown): string | undefined {
  const error = rootOf(thrown);
  const code = codeOf(error);
  // A policy of row level security has the code of a missing right.
  const isOfPolicy = code === '42501' && fieldOf(error, 'routine') === 'ExecWithCheckOptions';
  if (!isOfPolicy && !OF_ROW.test(code)) return undefined;
  return `PostgreSQL does not accept the row (${code}): ${wordsOf(error)}`;
}

/** Returns anything that is not an error of PostgreSQL as it is. `place` names the table in messages. */
export function toTableError(thrown: unknown, place: string): unknown {
  const error = rootOf(thrown);
  const code = codeOf(error);
  const says = wordsOf(error);
  const options = { cause: error, details: { sqlstate: code } };
  if (isLost(error)) {
    const text = `${place}: PostgreSQL cannot be reached or ended the connection (${says}). It is tried again.`;
    return new UnavailableError('E_TARGET_UNAVAILABLE', text, { cause: error });
  }
  if (code === '53100') {
    return new UnavailableError('E_DISK_FULL', `${place}: the disk of PostgreSQL is full: ${says}.`, options);
  }
  if (TRANSIENT.test(code)) {
    const text = `${place}: PostgreSQL cannot write at present (${code}): ${says}. It is tried again.`;
    return new UnavailableError('E_TARGET_UNAVAILABLE', text, options);
  }
  if (
    FORBIDDEN.test(code) ||
    (error instanceof Error && !/^[0-9A-Z]{5}$/.test(code) && OF_TLS.test(`${code} ${says}`))
  ) {
    const text = `${place}: PostgreSQL refuses (${code}): ${says}. Check "url" and the rights of its user: USAGE on the schema, SELECT, INSERT and UPDATE on the table, and DELETE if "on_missing" is "delete".`;
    return new ConfigError('E_TARGET_FORBIDDEN', text, options);
  }
  if (OTHER_FORM.test(code)) {
    const text = `${place} is not as the job describes it (${code}): ${says}. Correct the table, its triggers or the job.`;
    return new ConfigError('E_TARGET_CONFLICT', text, options);
  }
  return thrown;
}

/** Errors of the pool have advice about DATABASE_URL, which is another database. */
function rootOf(thrown: unknown): unknown {
  return thrown instanceof VocabSyncError && (codeOf(thrown.cause) !== '' || isLost(thrown.cause))
    ? thrown.cause
    : thrown;
}

function wordsOf(error: unknown): string {
  const detail = fieldOf(error, 'detail');
  return detail === undefined ? messageOf(error) : `${messageOf(error)}. ${detail}`;
}

function fieldOf(error: unknown, name: 'detail' | 'routine'): string | undefined {
  const value = (error as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
