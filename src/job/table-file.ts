/** The text of a look-up table in a file. Throws ConfigError E_FILE_NOT_FOUND or E_TABLE_INVALID. */
import { readFileSync, statSync } from 'node:fs';
import { ConfigError, messageOf } from '../errors.ts';

/** A table lies in memory; larger ones belong into a database. */
const MOST_BYTES = 64 * 1024 ** 2;

/** Without a byte order mark. */
export function readTableFile(path: string): string {
  return readText(path).replace(/^\uFEFF/, '');
}

function readText(path: string): string {
  let bytes: number;
  try {
    bytes = statSync(path).size;
    if (bytes <= MOST_BYTES)
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (cause) {
    if (cause instanceof TypeError) throw tableInvalid(path, 'it is not in UTF-8', cause);
    throw new ConfigError(
      'E_FILE_NOT_FOUND',
      `The table ${path} cannot be read on this machine: ${messageOf(cause)}.`,
      {
        cause,
        details: { path },
      },
    );
  }
  throw tableInvalid(path, `it has ${String(bytes)} bytes, more than ${String(MOST_BYTES)}`);
}

/** `reason` goes on "cannot be used:". */
export function tableInvalid(path: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError('E_TABLE_INVALID', `The table ${path} cannot be used: ${reason}.`, {
    cause,
    details: { path },
  });
}
