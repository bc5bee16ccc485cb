/** A real OpenSSH server with its own SFTP, on a loopback port, run by this user for this user. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

const SSHD = '/usr/sbin/sshd';

export const hasSshd = existsSync(SSHD) && spawnSync('ssh-keygen', ['-?']).error === undefined;
if (!hasSshd) console.warn('SKIPPED: sshd is not installed (Debian: apt install openssh-server)');

export interface OpensshServer {
  readonly port: number;
  readonly user: string;
  /** The text of a private key that may log in, encrypted with `passphrase`. */
  readonly privateKey: string;
  readonly passphrase: string;
  /** By type, as `ssh-keygen -lf` prints them. */
  readonly fingerprints: { readonly ed25519: string; readonly rsa: string };
  /** Lines of known_hosts, with the name of the host hashed. */
  readonly knownHosts: string;
}

export async function startOpenssh(): Promise<OpensshServer> {
  const directory = tempDir();
  const path = (name: string): string => join(directory, name);
  const passphrase = 'a long passphrase';
  makeKey(path('host_ed25519'), 'ed25519');
  makeKey(path('host_rsa'), 'rsa');
  makeKey(path('user'), 'ed25519', passphrase);
  const port = await findFreePort();
  const names = ['ed25519', 'rsa'].map((type) => readFileSync(path(`host_${type}.pub`), 'utf8'));
  writeFileSync(path('known_hosts'), names.map((line) => `[127.0.0.1]:${String(port)} ${line}`).join(''));
  spawnSync('ssh-keygen', ['-H', '-f', path('known_hosts')]);
  const lines = [
    `Port ${String(port)}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${path('host_ed25519')}`,
    `HostKey ${path('host_rsa')}`,
    `AuthorizedKeysFile ${path('user.pub')}`,
    `PidFile ${path('pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'Subsystem sftp internal-sftp',
    'ForceCommand internal-sftp',
  ];
  writeFileSync(path('sshd_config'), `${lines.join('\n')}\n`);
  // The place where a server of root leaves its rights.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const child = spawn(SSHD, ['-D', '-e', '-f', path('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  onTestFinished(() => {
    child.kill();
  });
  await until('sshd accepts connections', () => {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    return accepts(port);
  });
  return {
    port,
    user: userInfo().username,
    privateKey: readFileSync(path('user'), 'utf8'),
    passphrase,
    fingerprints: { ed25519: fingerprintOf(path('host_ed25519')), rsa: fingerprintOf(path('host_rsa')) },
    knownHosts: path('known_hosts'),
  };
}

function makeKey(path: string, type: string, passphrase = ''): void {
  spawnSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-a', '1', '-C', '', '-f', path]);
}

function fingerprintOf(path: string): string {
  const { stdout } = spawnSync('ssh-keygen', ['-lf', `${path}.pub`], { encoding: 'utf8' });
  return stdout.split(' ')[1] ?? '';
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
