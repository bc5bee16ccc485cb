/** Tests the reader against a server with planted faults and against a real OpenSSH server. */
import { createHash } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FetchedFile, SourceVersion } from '../../src/component/reader.ts';
import { createSftpService } from '../../src/sftp/create-sftp-service.ts';
import { sftp } from '../../readers/sftp.ts';
import { hasSshd, startOpenssh } from '../support/openssh-server.ts';
import { newHostKey, startSftpServer, type ServedFile, type SftpServerOptions } from '../support/sftp-server.ts';
import { readerContext, type TestContext } from '../support/source-reader-context.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const hostKey = newHostKey();

function fingerprintOf(publicKey: string): string {
  const key = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function contextWith(options: { allowedHosts?: readonly string[]; spool?: string } = {}): TestContext {
  const context = readerContext();
  const service = createSftpService({
    spoolDirectory: options.spool ?? tempDir(),
    allowedHosts: options.allowedHosts ?? [],
    logger: silentLogger(),
    timing: { connect: 5000, stall: 400, retries: 1, pause: 5 },
  });
  return { ...context, services: { ...context.services, sftp: service } };
}

interface Fetched {
  readonly version: SourceVersion;
  readonly files: readonly FetchedFile[];
}

async function read(args: object, context = contextWith()): Promise<Fetched> {
  const parsed = sftp.args.parse(args);
  const version = await sftp.locate(parsed, context);
  if ('nothingNew' in version) throw new Error(version.nothingNew);
  return { version, files: await sftp.fetch(version, parsed, context) };
}

const textOf = ({ path }: FetchedFile): string => readFileSync(path, 'utf8');

async function codeOf(args: object, context?: TestContext): Promise<string> {
  return read(args, context).then(
    () => 'no error',
    (error: unknown) => `${(error as { code: string }).code} ${(error as Error).message}`,
  );
}

const OLD = 1_700_000_000;
const file = (text: string, mtime = OLD): ServedFile => ({ content: Buffer.from(text), mtime });

async function serve(files: Record<string, ServedFile>, options: Partial<SftpServerOptions> = {}) {
  const served = new Map(Object.entries(files));
  const server = await startSftpServer({ files: served, hostKeys: [hostKey.private], ...options });
  const args = (path: string, more: object = {}): object => ({
    origin: `sftp://vocab@127.0.0.1:${String(server.port)}${path}`,
    password: 'a-password',
    host_key: fingerprintOf(hostKey.public),
    ...more,
  });
  return { ...server, files: served, args };
}

describe('a file', () => {
  it('is downloaded, and its size and time are its version', async () => {
    const { args, files } = await serve({ '/export/a b.csv': file('id,name\n1,one\n') });
    const first = await read(args('/export/a%20b.csv'));
    expect(first.version).toMatchObject({ name: 'a b.csv', bytes: 14, published: new Date(OLD * 1000).toISOString() });
    expect(textOf(first.files[0] as FetchedFile)).toBe('id,name\n1,one\n');
    const again = await read(args('/export/a%20b.csv'));
    expect(again.version.identity).toBe(first.version.identity);
    files.set('/export/a b.csv', file('id,name\n1,two\n', OLD + 1));
    expect((await read(args('/export/a%20b.csv'))).version.identity).not.toBe(first.version.identity);
  });

  it('of this second has no identity, and is downloaded although the spool has one of the same size and time', async () => {
    const now = Math.floor(Date.now() / 1000);
    const context = contextWith();
    const { args, files } = await serve({ '/a.csv': file('one', now) });
    const first = await read(args('/a.csv'), context);
    expect(first.version.identity).toBeUndefined();
    files.set('/a.csv', file('two', now));
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(textOf((await read(args('/a.csv'), context)).files[0] as FetchedFile)).toBe('two');
  });

  it('is resumed where the connection broke, and by the next attempt after that', async () => {
    const content = Buffer.alloc(5_000_000, 'abcdefghij');
    const cuts = new Set<number>();
    const spool = tempDir();
    const server = await serve(
      { '/big.csv': { content, mtime: OLD } },
      {
        mostBytes: 30_000,
        // The first four connections end after a million bytes each, so that the first attempt gives up.
        onRead(position, connection) {
          if (connection > 5 || position < connection * 900_000) return undefined;
          cuts.add(connection);
          return 'cut';
        },
      },
    );
    const one = contextWith({ spool });
    for (let attempt = 0; attempt < 6; attempt++) {
      const found = await read(server.args('/big.csv'), attempt === 0 ? one : contextWith({ spool })).catch(
        () => undefined,
      );
      if (found === undefined) continue;
      expect(readFileSync((found.files[0] as FetchedFile).path).equals(content)).toBe(true);
      expect(cuts.size).toBeGreaterThan(2);
      // Only blocks that were in transfer when the connection broke are read twice: 32 of 32 KiB for each cut.
      const sent = server.reads.reduce((sum, bytes) => sum + bytes, 0);
      expect(sent).toBeLessThan(content.length + (cuts.size + 1) * 1_048_576);
      return;
    }
    throw new Error('never complete');
  });

  it('that a server stops sending ends as unavailable', async () => {
    const { args } = await serve({ '/a.csv': file('x'.repeat(100)) }, { onRead: () => 'stall' });
    expect(await codeOf(args('/a.csv'))).toMatch(/^E_SOURCE_UNAVAILABLE .*too long/);
  });

  it('that changes while it is read is refused', async () => {
    const server = await serve(
      { '/a.csv': file('x'.repeat(100)) },
      {
        onRead() {
          server.files.set('/a.csv', file('y'.repeat(100), OLD + 60));
          return undefined;
        },
      },
    );
    expect(await codeOf(server.args('/a.csv'))).toMatch(/^E_SOURCE_CHANGED/);
  });

  it('that is missing, too large, or a folder is reported as such', async () => {
    const { args } = await serve({ '/a/b.csv': file('x'.repeat(100)) });
    expect(await codeOf(args('/nothing.csv'))).toMatch(/^E_SOURCE_NOT_FOUND .*\/nothing\.csv/);
    expect(await codeOf(args('/a/b.csv', { max_bytes: 10 }))).toMatch(/^E_SOURCE_TOO_LARGE/);
    expect(await codeOf(args('/a'))).toMatch(/^E_URL_INVALID .*end "origin" with "\/"/);
    expect(await codeOf(args('/a/b.csv/'))).toMatch(/^E_/);
  });
});

describe('a folder', () => {
  const files = {
    '/dumps/a-1.csv': file('a1', OLD),
    '/dumps/a-2.csv': file('a2', OLD + 10),
    '/dumps/b.txt': file('b', OLD + 20),
    '/dumps/Thumbs.db': file('-', OLD + 30),
    '/dumps/sub/c.csv': file('c', OLD + 40),
  };

  it('gives its files in the order of their names, those that match, or the newest', async () => {
    const { args } = await serve(files);
    const namesOf = async (more: object): Promise<string[]> =>
      (await read(args('/dumps/', more))).files.map(({ name }) => name);
    expect(await namesOf({})).toEqual(['a-1.csv', 'a-2.csv', 'b.txt']);
    expect(await namesOf({ regex: '\\.csv$' })).toEqual(['a-1.csv', 'a-2.csv']);
    expect(await namesOf({ regex: '\\.csv$', pick: 'newest' })).toEqual(['a-2.csv']);
  });

  it('without a file, without a match, or with too many is an error', async () => {
    const { args } = await serve({ ...files, '/none/Thumbs.db': file('-') });
    expect(await codeOf(args('/dumps/', { regex: 'nothing' }))).toMatch(/nothing.*a-1\.csv/);
    expect(await codeOf(args('/none/'))).toMatch(/^E_ARCHIVE_NO_DATA/);
    expect(await codeOf(args('/dumps/', { max_files: 2 }))).toMatch(/^E_ARCHIVE_ENTRIES/);
  });

  it('that changes between the look and the download is refused', async () => {
    const server = await serve(files);
    const parsed = sftp.args.parse(server.args('/dumps/'));
    const context = contextWith();
    const version = (await sftp.locate(parsed, context)) as SourceVersion;
    server.files.set('/dumps/a-3.csv', file('a3'));
    await expect(sftp.fetch(version, parsed, context)).rejects.toMatchObject({ code: 'E_SOURCE_CHANGED' });
  });
});

describe('the host key', () => {
  it('is required, and nothing is sent to a server with an unknown, another or a revoked one', async () => {
    const server = await serve({ '/a.csv': file('x') });
    const knownHosts = join(tempDir(), 'known_hosts');
    const name = `[127.0.0.1]:${String(server.port)}`;
    const other = newHostKey();
    const attempt = (text: string): Promise<string> => {
      writeFileSync(knownHosts, text);
      return codeOf(server.args('/a.csv', { host_key: undefined, known_hosts: knownHosts }));
    };
    const found = fingerprintOf(hostKey.public);
    expect(await attempt('')).toMatch(/^E_HOST_KEY_UNKNOWN .*ssh-keygen -lf/);
    expect(await attempt('')).toContain(found);
    expect(await attempt(`${name} ${other.public}\n`)).toMatch(/^E_HOST_KEY_CHANGED/);
    expect(await attempt(`@revoked * ${hostKey.public}\n${name} ${hostKey.public}\n`)).toMatch(
      /^E_HOST_KEY_CHANGED .*revoked/,
    );
    const wrong = await codeOf(server.args('/a.csv', { host_key: [fingerprintOf(other.public)] }));
    expect(wrong).toMatch(/^E_HOST_KEY_CHANGED/);
    expect(wrong).toContain(found);
    expect(server.seen.logins).toBe(0);
    expect(await attempt(`${name} ${hostKey.public}\n`)).toBe('no error');
    expect(await codeOf(server.args('/a.csv', { host_key: undefined, known_hosts: '/nothing/here' }))).toMatch(
      /^E_FILE_NOT_FOUND/,
    );
  });

  it('may be of a type that the client would not ask for first', async () => {
    const second = newHostKey('ecdsa');
    const server = await serve({ '/a.csv': file('x') }, { hostKeys: [hostKey.private, second.private] });
    expect(await codeOf(server.args('/a.csv', { host_key: fingerprintOf(second.public) }))).toBe('no error');
    const knownHosts = join(tempDir(), 'known_hosts');
    writeFileSync(knownHosts, `[127.0.0.1]:${String(server.port)} ${second.public}\n`);
    expect(await codeOf(server.args('/a.csv', { host_key: undefined, known_hosts: knownHosts }))).toBe('no error');
  });
});

describe('the login', () => {
  it('with a wrong password is refused without showing it', async () => {
    const { args } = await serve({ '/a.csv': file('x') });
    const said = await codeOf(args('/a.csv', { password: 'hunter2-hunter2' }));
    expect(said).toMatch(/^E_SOURCE_NOT_FOUND .*refuses the login/);
    expect(said).not.toContain('hunter2');
  });

  it('answers a server that asks for the password', async () => {
    const { args } = await serve({ '/a.csv': file('x') }, { asks: true });
    expect(await codeOf(args('/a.csv'))).toBe('no error');
  });

  it('says what is wrong with a private key, before it connects', async () => {
    const server = await serve({ '/a.csv': file('x') });
    const key = ssh2.utils.generateKeyPairSync('ed25519', { passphrase: 'right', cipher: 'aes256-ctr', rounds: 4 });
    const attempt = (more: object): Promise<string> => codeOf(server.args('/a.csv', { password: undefined, ...more }));
    expect(await attempt({ private_key: key.private })).toMatch(/^E_SECRET_UNUSABLE .*encrypted/);
    expect(await attempt({ private_key: key.private, passphrase: 'wrong' })).toMatch(/^E_SECRET_UNUSABLE .*passphrase/);
    expect(await attempt({ private_key: 'nonsense' })).toMatch(/^E_SECRET_UNUSABLE .*BEGIN/);
    expect(await attempt({ private_key: key.public })).toMatch(/^E_SECRET_UNUSABLE/);
    expect(server.seen.connections).toBe(0);
  });
});

describe('what is no SFTP server', () => {
  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', /^E_SOURCE_(UNEXPECTED|UNAVAILABLE)/],
    ['a port that closes at once', undefined, /^E_SOURCE_(UNEXPECTED|UNAVAILABLE)/],
  ])('%s', async (_what, greeting, expected) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(greeting ?? '');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.close();
    });
    const origin = `sftp://vocab@127.0.0.1:${String((server.address() as AddressInfo).port)}/a.csv`;
    expect(await codeOf({ origin, password: 'x', host_key: fingerprintOf(hostKey.public) })).toMatch(expected);
  });

  it('a closed port and a host that is not allowed', async () => {
    const args = { origin: 'sftp://vocab@127.0.0.1:1/a.csv', password: 'x' };
    expect(await codeOf(args)).toMatch(/^E_SOURCE_UNAVAILABLE .*refused/);
    expect(await codeOf(args, contextWith({ allowedHosts: ['sftp.example.org'] }))).toMatch(/^E_HOST_NOT_ALLOWED/);
    expect(await codeOf(args, contextWith({ allowedHosts: ['127.0.0.1'] }))).toMatch(/^E_SOURCE_UNAVAILABLE/);
  });
});

describe('wrong arguments', () => {
  const secret = { password: 'x' };
  it.each([
    [{ origin: 'https://example.org/a.csv', ...secret }, 'sftp://user@host'],
    [{ origin: 'sftp://user:geheim@example.org/a.csv' }, 'without a password'],
    [{ origin: 'sftp://example.org/a.csv', ...secret }, 'user name'],
    [{ origin: 'sftp://user@example.org/a.csv' }, '"password" or "private_key"'],
    [{ origin: 'sftp://user@example.org/a.csv', passphrase: 'x', ...secret }, '"private_key"'],
    [{ origin: 'sftp://user@example.org/a.csv', regex: 'x', ...secret }, 'ends with "/"'],
    [{ origin: 'sftp://user@example.org/100%.csv', ...secret }, '%25'],
    [{ origin: 'sftp://user@example.org/a#b.csv', ...secret }, '%23'],
    [{ origin: 'sftp://user@example.org/a.csv', host_key: 'MD5:16:27', ...secret }, 'SHA256:'],
  ])('%j', (args, expected) => {
    const result = sftp.args.safeParse(args);
    const said = result.error?.issues.map(({ message }) => message).join('; ') ?? 'accepted';
    expect(said).toContain(expected);
    expect(said).not.toContain('geheim');
  });
});

describe.skipIf(!hasSshd)('a real OpenSSH server', () => {
  it('gives files and folders to a private key, by fingerprint and by a hashed known_hosts', async () => {
    const server = await startOpenssh();
    const folder = join(tempDir(), 'ö dumps');
    mkdirSync(folder);
    const content = Buffer.alloc(1_500_001, 'vocabulary\n');
    writeFileSync(join(folder, 'a.csv'), content);
    symlinkSync(join(folder, 'a.csv'), join(folder, 'b.csv'));
    symlinkSync(join(folder, 'gone'), join(folder, 'c.csv'));
    mkdirSync(join(folder, 'sub'));
    utimesSync(join(folder, 'a.csv'), OLD, OLD);
    const args = {
      origin: `sftp://${server.user}@127.0.0.1:${String(server.port)}${folder.split('/').map(encodeURIComponent).join('/')}/`,
      private_key: server.privateKey.trimEnd(),
      passphrase: server.passphrase,
    };
    for (const key of [
      { host_key: server.fingerprints.ed25519 },
      { host_key: server.fingerprints.rsa },
      { known_hosts: server.knownHosts },
    ]) {
      const { version, files } = await read({ ...args, ...key });
      expect(files.map(({ name }) => name)).toEqual(['a.csv', 'b.csv']);
      expect(files.map(({ path }) => readFileSync(path).equals(content))).toEqual([true, true]);
      expect(version.identity).toBeDefined();
    }
    const key = { known_hosts: server.knownHosts };
    expect(await codeOf({ ...args, ...key, origin: `${args.origin}nothing.csv` })).toMatch(/^E_SOURCE_NOT_FOUND/);
    expect(await codeOf({ ...args, ...key, origin: args.origin.replace('//', '//nobody-') })).toMatch(
      /^E_SOURCE_NOT_FOUND .*login/,
    );
    const found = await read({ ...args, ...key, origin: `${args.origin}a.csv` });
    expect(found.files[0]?.bytes).toBe(content.length);
    // A path in the home of the user.
    const home = { ...args, ...key, origin: args.origin.replace(/(:\d+)\/.*$/, '$1/~/no-such-file-of-vocab-sync') };
    expect(await codeOf(home)).toMatch(/^E_SOURCE_NOT_FOUND .*\/~\/no-such-file/);
  }, 60_000);
});
