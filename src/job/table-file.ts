/** The text of a look-up table in a file. Throws ConfigError E_FILE_NOT_FOUND or E_TABLE_INVALID. */
import { ConfigError, messageOf } from '../errors.ts';
import { requireAllowedFile } from '../allowed-folders.ts';
import { SmallFileError, readSmallFileSync } from '../read-small-file.ts';

/** A table is kept in memory; larger ones belong in a database. */
const MOST_BYTES = 64 * 1024 ** 2;

/** Without a byte order mark. */
export function readTableFile(path: string): string {
  return readText(path).replace(/^\uFEFF/, '');
}

function readText(path: string): string {
  requireAllowedFile(path);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readSmallFileSync(path, MOST_BYTES));
  } catch (cause) {
    if (cause instanceof TypeError) throw tableInvalid(path, 'it is not in UTF-8', cause);
    if (cause instanceof SmallFileError) throw tableInvalid(path, cause.message, cause);
    throw new ConfigError(
      'E_FILE_NOT_FOUND',
      `The table ${path} cannot be read on this machine: ${messageOf(cause)}.`,
      {
        cause,
        details: { path },
      },
    );
  }
}

/**
 * Returns the position at which a text stops being JSON. The text is not quoted, because the path may lead to any file
 * of the worker, and the parser would repeat its first characters.
 */
export function placeInJson(text: string, thrown: unknown): string {
  const at = /position (\d+)/.exec(messageOf(thrown))?.[1];
  if (at === undefined) return 'it is not valid JSON (its content is not shown)';
  const line = text.slice(0, Number(at)).split('\n').length;
  return `it is not valid JSON at line ${String(line)} (its content is not shown)`;
}

/** Returns the position at which a text stops being CSV, without quoting it. `thrown` is an error of csv-parse. */
export function placeInCsv(thrown: unknown): string {
  const { code, lines } = thrown instanceof Error ? (thrown as Error & { code?: unknown; lines?: unknown }) : {};
  const place = typeof lines === 'number' ? ` at line ${String(lines)}` : '';
  const fault = typeof code === 'string' && /^[A-Z_]+$/.test(code) ? ` (${code})` : '';
  return `it is not valid CSV${place}${fault}; its content is not shown`;
}

/** `reason` completes the sentence "cannot be used:". */
export function tableInvalid(path: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError('E_TABLE_INVALID', `The table ${path} cannot be used: ${reason}.`, {
    cause,
    details: { path },
  });
}
