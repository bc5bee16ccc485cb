/** Errors of the disk, the network and the database, recognised by their codes. */
import { UnavailableError, messageOf, type VocabSyncError } from '../src/errors.ts';
import { codeOf, toDatabaseError } from '../src/postgres/database-error.ts';

const DISK_FULL = /^(ENOSPC|EDQUOT)$/;

/**
 * The error that the operator should see, or undefined if it is not one of the disk, the network or the database. Most
 * errors of the database are mapped where a connection is lent; this finds those that other libraries wrap.
 */
export function knownError(thrown: unknown): VocabSyncError | undefined {
  for (const one of chainOf(thrown)) {
    if (DISK_FULL.test(codeOf(one))) {
      return new UnavailableError('E_DISK_FULL', `The disk is full: ${messageOf(one)}`, { cause: thrown });
    }
    const known = toDatabaseError(one);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** The error, its causes, and what an AggregateError holds (Node's for a name with several addresses). */
function chainOf(thrown: unknown): unknown[] {
  const chain: unknown[] = [];
  const waiting: unknown[] = [thrown];
  while (waiting.length > 0 && chain.length < 20) {
    const one = waiting.shift();
    chain.push(one);
    if (one instanceof AggregateError) waiting.push(...(one.errors as unknown[]));
    if (one instanceof Error && one.cause !== undefined) waiting.push(one.cause);
  }
  return chain;
}
