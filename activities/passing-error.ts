/** Errors of the database driver, the network and the disk that pass by themselves, told by their codes. */
import { UnavailableError, messageOf } from '../src/errors.ts';

/**
 * PostgreSQL: 08… connection, 57P0x shutdown or crash, 53300 too many connections, 40001 and 40P01 a transaction that
 * lost against another one, 55P03 a lock. Sockets: what a restart or a broken route looks like.
 */
const DATABASE_AWAY = /^(08[0-9A-Z]{3}|57P0[1-5]|53300|40001|40P01|55P03)$/;
const NETWORK_AWAY =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;
/** 53100 is PostgreSQL's own full disk. */
const DISK_FULL = /^(ENOSPC|EDQUOT|53100)$/;
/** What pg and pg-pool throw without any code. */
const CONNECTION_LOST =
  /connection terminated|client has encountered a connection error|timeout exceeded when trying to connect/i;

/** The error that the operator should see, or undefined when this is nothing that passes. */
export function passingError(thrown: unknown): UnavailableError | undefined {
  for (const one of chainOf(thrown)) {
    const code = codeOf(one);
    if (DISK_FULL.test(code)) {
      return new UnavailableError('E_DISK_FULL', `The disk is full: ${messageOf(one)}`, { cause: thrown });
    }
    if (DATABASE_AWAY.test(code) || NETWORK_AWAY.test(code) || CONNECTION_LOST.test(messageOf(one))) {
      const text = messageOf(one) === '' ? code : messageOf(one);
      return new UnavailableError('E_DATABASE_UNAVAILABLE', `A connection was refused or lost: ${text}`, {
        cause: thrown,
      });
    }
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

function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : '';
}
