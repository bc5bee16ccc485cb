/** Checks whether the headers of a response report missing parts, for any status. */
import type { SourceError } from '../errors.ts';
import { incomplete } from './answer-errors.ts';
import { toReason } from './answer-reason.ts';
import { redactUrl } from './url-policy.ts';

interface Answer {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

const PART = /\b(incomplete|partial|partially|truncated|truncation|cut off|interrupted)\b/i;
/** `X-Truncated: true`, `X-Partial-Results: 1`, and the like. */
const FLAG = /(^|-)(truncated|incomplete|partial)(-|$)/i;
const TRUE = /^(true|yes|1)$/i;

/**
 * Virtuoso returns 200 with `X-SQL-State: S1TAT` if a query exceeded its time limit; other servers use `Warning` or
 * their own header. Throws SourceError E_SOURCE_INCOMPLETE.
 */
export function refuseIncomplete({ url, headers }: Answer): void {
  const sqlState = headers['x-sql-state']?.trim() ?? '';
  const message = headers['x-sql-message'] ?? '';
  if ((sqlState !== '' && !/^0+$/.test(sqlState)) || PART.test(message)) {
    throw refused(url, `X-SQL-State is ${toReason(sqlState, 20)}${message === '' ? '' : `, "${toReason(message)}"`}`);
  }
  const warning = headers['warning'] ?? '';
  if (PART.test(warning)) throw refused(url, `its Warning header says "${toReason(warning)}"`);
  const flag = Object.entries(headers).find(([name, value]) => FLAG.test(name) && TRUE.test(value?.trim() ?? ''));
  if (flag !== undefined) throw refused(url, `its header ${flag[0]} is ${toReason(flag[1] ?? '')}`);
}

function refused(url: string, why: string): SourceError {
  return incomplete(redactUrl(url), why);
}
