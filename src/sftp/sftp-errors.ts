/** Converts a failed connection or a refusal of an SFTP server to an error for the operator. */
import { ConfigError, SourceError, UnavailableError, VocabSyncError, messageOf } from '../errors.ts';
import { errorOfConnection, StallError } from '../http/answer-errors.ts';

/** The status codes of SFTP version 3 that have a meaning of their own. */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;
const FAILURE = 4;
const UNSUPPORTED = 8;

/** `address` is an sftp:// address without the user name. */
export function toSftpError(thrown: unknown, address: string): VocabSyncError {
  if (thrown instanceof VocabSyncError) return thrown;
  const { level, code } = (thrown ?? {}) as { readonly level?: unknown; readonly code?: unknown };
  const words = messageOf(thrown);
  const options = { cause: new Error(words), details: { url: address, reason: words } };
  if (typeof code === 'number') return errorOfRequest(code, address, options);
  if (level === 'client-authentication' || /authentication methods/i.test(words)) {
    const message = `${address} refuses the login. Check the user name, and password or private_key with passphrase of the reader. On the server, \`~/.ssh/authorized_keys\` must hold the public key of a private_key.`;
    return new SourceError('E_SOURCE_NOT_FOUND', message, options);
  }
  if (level === 'client-timeout') return errorOfConnection(new StallError('no answer in time'), new URL(address));
  if (/no matching/i.test(words)) {
    const message = `${address} and vocab-sync have no algorithm in common (${words}). The server is outdated: ask its operator to update it.`;
    return new SourceError('E_SOURCE_UNEXPECTED', message, options);
  }
  if (level === 'protocol' || level === 'handshake' || /identification|subsystem|Packet length/i.test(words)) {
    const message = `${address} does not offer SFTP (${words}). Check host and port, and that the server has the subsystem sftp.`;
    return new SourceError('E_SOURCE_UNEXPECTED', message, options);
  }
  return errorOfConnection(hasCode(thrown) ? thrown : brokenOff(words), new URL(address));
}

function errorOfRequest(code: number, address: string, options: object): VocabSyncError {
  if (code === NO_SUCH_FILE) {
    const message = `There is no ${address} on the server. Check the path in the job. A path in the home of the user begins with /~/.`;
    return new SourceError('E_SOURCE_NOT_FOUND', message, options);
  }
  if (code === PERMISSION_DENIED) {
    const message = `The server does not let this user read ${address}. Ask its operator for permission, or check the path.`;
    return new SourceError('E_SOURCE_NOT_FOUND', message, options);
  }
  if (code === UNSUPPORTED) {
    return new SourceError('E_SOURCE_UNEXPECTED', `The server cannot read files by SFTP: ${address}.`, options);
  }
  const what = code === FAILURE ? 'reports a failure' : `reports the SFTP error ${String(code)}`;
  const message = `The server ${what} for ${address}. It is tried again.`;
  return new UnavailableError('E_SOURCE_UNAVAILABLE', message, options);
}

export function fileChanged(address: string): SourceError {
  const message = `${address} changed while the run was reading it. Run again when it is no longer being written.`;
  return new SourceError('E_SOURCE_CHANGED', message, { details: { url: address } });
}

export function unusableKey(reason: string, hasPassphrase: boolean): ConfigError {
  const needs = /encrypted/i.test(reason) && !hasPassphrase;
  const why = needs
    ? 'it is encrypted, and the reader has no passphrase. Add "passphrase": {"$secret": "env:NAME"}'
    : hasPassphrase
      ? 'the passphrase does not fit, or the text is no private key'
      : 'expected the text of a private key that begins with "-----BEGIN". Use {"$secret": "file:/path"} for a key in a file';
  return new ConfigError('E_SECRET_UNUSABLE', `The private_key of the reader cannot be used: ${why}.`);
}

function hasCode(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
}

function brokenOff(words: string): Error {
  return Object.assign(new Error(words), { code: 'ECONNRESET' });
}
