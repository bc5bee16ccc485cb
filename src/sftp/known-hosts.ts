/**
 * The file `known_hosts` of OpenSSH (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). A line is
 *
 *   [@revoked | @cert-authority] HOSTS TYPE KEY [comment]
 *
 * HOSTS is a list of patterns with `*`, `?` and `!`, `[host]:port` for other ports than 22, or `|1|salt|hash`, the
 * HMAC-SHA1 of one name. Lines of a certificate authority are passed over: host certificates are not verified here.
 */
import { createHmac } from 'node:crypto';

export interface KnownKeys {
  /** The keys of this host, as in the file: Base64. */
  readonly keys: readonly KnownKey[];
  /** Keys that must not be accepted for it. */
  readonly revoked: readonly KnownKey[];
}

export interface KnownKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  readonly key: string;
}

export function findKnownKeys(text: string, host: string, port: number): KnownKeys {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${String(port)}`;
  const keys: KnownKey[] = [];
  const revoked: KnownKey[] = [];
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [hosts, type, key] = words;
    if (hosts === undefined || type === undefined || key === undefined || hosts.startsWith('#')) continue;
    if (!isListed(hosts, name)) continue;
    if (marker === '@revoked') revoked.push({ type, key });
    else if (marker === undefined) keys.push({ type, key });
  }
  return { keys, revoked };
}

function isListed(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(hosts, name);
  let isFound = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!matches(isNegated ? pattern.slice(1) : pattern, name)) continue;
    if (isNegated) return false;
    isFound = true;
  }
  return isFound;
}

function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt = '', hash] = hashed.split('|');
  if (version !== '1') return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

/** In linear time for any pattern: after each `*`, the earliest match is as good as any other. */
function matches(pattern: string, name: string): boolean {
  let [p, n, star, mark] = [0, 0, -1, 0];
  while (n < name.length) {
    if (pattern[p] === '*') [star, mark] = [p++, n];
    else if (pattern[p] === '?' || pattern[p] === name[n]) [p, n] = [p + 1, n + 1];
    else if (star >= 0) [p, n] = [star + 1, ++mark];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
