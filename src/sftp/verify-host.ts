/**
 * Whether the key that a server presents is the key of this host: one of the fingerprints of the job, or a key of
 * `known_hosts`. Any other key is an error, and nothing turns the check off.
 */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { requireAllowedFile } from '../allowed-folders.ts';
import type { SftpPlace } from '../component/sftp-service.ts';
import { ConfigError, SourceError, type VocabSyncError } from '../errors.ts';
import { readSmallFile } from '../read-small-file.ts';
import { toFileError } from '../spool/file-error.ts';
import { findKnownKeys, type KnownKey, type KnownKeys } from './known-hosts.ts';

/** Of some 40,000 hosts. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface HostCheck {
  /** Key types that are known for the host; the client asks for these first. */
  readonly types: readonly string[];
  /** Returns undefined if the key is right. */
  verify(key: Buffer): VocabSyncError | undefined;
}

export async function openHostCheck(place: SftpPlace): Promise<HostCheck> {
  const where = `${place.host}:${String(place.port)}`;
  if (place.hostKeys.length > 0) {
    const isRight = (key: Buffer): boolean => place.hostKeys.includes(fingerprintOf(key));
    return {
      types: [],
      verify: (key) => (isRight(key) ? undefined : changed(where, key, place.hostKeys, '"host_key" of the job')),
    };
  }
  const known = await readKnown(place);
  return {
    types: [...new Set(known.keys.map(({ type }) => type))],
    verify(key) {
      if (includes(known.revoked, key)) return revoked(where, key);
      if (includes(known.keys, key)) return undefined;
      const expected = known.keys.map((each) => fingerprintOf(Buffer.from(each.key, 'base64')));
      return expected.length === 0 ? unknown(where, key) : changed(where, key, expected, 'known_hosts');
    },
  };
}

/** Formats a fingerprint as OpenSSH does, without the padding. */
function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** A key begins with its type: a length of four bytes and that many letters. */
export function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

async function readKnown({ host, port, knownHosts }: SftpPlace): Promise<KnownKeys> {
  const texts: string[] = [];
  if (knownHosts === undefined) {
    for (const path of [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts']) {
      // A file that is missing or closed knows no host, so that the key is refused as unknown.
      texts.push(await readSmallFile(path, MOST_BYTES).then(String, () => ''));
    }
  } else {
    requireAllowedFile(knownHosts);
    const text = await readSmallFile(knownHosts, MOST_BYTES).catch((error: unknown) => {
      throw toFileError(error, knownHosts);
    });
    texts.push(text.toString('utf8'));
  }
  return findKnownKeys(texts.join('\n'), host, port);
}

function includes(known: readonly KnownKey[], key: Buffer): boolean {
  const text = key.toString('base64');
  return known.some((each) => each.key === text);
}

function unknown(where: string, key: Buffer): ConfigError {
  const [type, found] = [typeOf(key), fingerprintOf(key)];
  const message = `The host key of ${where} is not known. The server presented ${type} ${found}. Nothing was sent to it. ${advice(type)} If they are equal, put it into the job: "host_key": "${found}".`;
  return new ConfigError('E_HOST_KEY_UNKNOWN', message, { details: { host: where, type, found } });
}

function changed(where: string, key: Buffer, expected: readonly string[], by: string): SourceError {
  const [type, found] = [typeOf(key), fingerprintOf(key)];
  const message = `The host key of ${where} is another one than expected by ${by}: expected ${expected.join(' or ')}, found ${type} ${found}. Somebody may be between you and the server, or the server has a new key. Nothing was sent to it. ${advice(type)} Only then replace the old one.`;
  return new SourceError('E_HOST_KEY_CHANGED', message, { details: { host: where, type, expected, found } });
}

function revoked(where: string, key: Buffer): SourceError {
  const [type, found] = [typeOf(key), fingerprintOf(key)];
  const message = `The host key of ${where}, ${type} ${found}, is marked @revoked in known_hosts. Nothing was sent to the server. Ask its operator for the new key.`;
  return new SourceError('E_HOST_KEY_CHANGED', message, { details: { host: where, type, found } });
}

function advice(type: string): string {
  const name = /^ecdsa/.test(type) ? 'ecdsa' : type.replace(/^ssh-/, '');
  return `Compare with the fingerprint that the operator of the server gives you by another way. On the server, \`ssh-keygen -lf /etc/ssh/ssh_host_${name}_key.pub\` prints it.`;
}
