import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findKnownKeys } from '../../src/sftp/known-hosts.ts';

const keysOf = (text: string, host: string, port = 22): readonly string[] =>
  findKnownKeys(text, host, port).keys.map(({ key }) => key);

function hashed(name: string): string {
  const salt = Buffer.from('01234567890123456789');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

describe('known_hosts', () => {
  it('finds a host by name, list, pattern, port and hash', () => {
    const text = [
      '# a comment',
      '',
      'sftp.example.org,192.0.2.1 ssh-ed25519 A of the operator',
      '*.example.net,!bad.example.net ssh-rsa B',
      '[sftp.example.org]:2222 ssh-ed25519 C',
      `${hashed('[secret.example.org]:22022')} ssh-ed25519 D`,
      `${hashed('secret.example.org')} ssh-ed25519 E`,
    ].join('\n');
    expect(keysOf(text, 'SFTP.example.org')).toEqual(['A']);
    expect(keysOf(text, '192.0.2.1')).toEqual(['A']);
    expect(keysOf(text, 'sftp.example.org', 2222)).toEqual(['C']);
    expect(keysOf(text, 'a.example.net')).toEqual(['B']);
    expect(keysOf(text, 'bad.example.net')).toEqual([]);
    expect(keysOf(text, 'secret.example.org', 22022)).toEqual(['D']);
    expect(keysOf(text, 'secret.example.org')).toEqual(['E']);
    expect(keysOf(text, 'example.org')).toEqual([]);
  });

  it('keeps revoked keys apart, and accepts no certificate authority as a host key', () => {
    const text = '@revoked * ssh-ed25519 R\n@cert-authority *.example.org ssh-ed25519 CA\nexample.org ssh-ed25519 A\n';
    expect(findKnownKeys(text, 'example.org', 22)).toEqual({
      keys: [{ type: 'ssh-ed25519', key: 'A' }],
      revoked: [{ type: 'ssh-ed25519', key: 'R' }],
    });
  });

  it('matches a pattern of many stars without going back over it again and again', () => {
    const pattern = '*a'.repeat(2000);
    expect(keysOf(`${pattern}b ssh-ed25519 A`, 'a'.repeat(4000))).toEqual([]);
  });
});
