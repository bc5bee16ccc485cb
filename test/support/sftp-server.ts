/** Starts an SFTP server with planted faults. openssh-server.ts starts a real one. */
import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type Connection, type SFTPWrapper } from 'ssh2';
import { onTestFinished } from 'vitest';

export interface ServedFile {
  readonly content: Buffer;
  /** Seconds. */
  mtime: number;
}

export interface SftpServerOptions {
  /** By their whole paths. */
  readonly files: Map<string, ServedFile>;
  readonly password?: string;
  /** The password is asked for as a question, as PAM does. */
  readonly asks?: boolean;
  /** Called before each read. Returning `cut` closes the connection, `stall` never answers. */
  readonly onRead?: (position: number, connection: number) => 'cut' | 'stall' | undefined;
  /** The most bytes in one answer. */
  readonly mostBytes?: number;
  readonly hostKeys?: readonly string[];
}

export interface SftpServer {
  readonly port: number;
  /** How many clients connected, and how many of them logged in. */
  readonly seen: { connections: number; logins: number };
  /** The bytes of each answer to a read. */
  readonly reads: number[];
}

const { STATUS_CODE } = ssh2.utils.sftp;

export function newHostKey(type: 'ed25519' | 'ecdsa' = 'ed25519'): { private: string; public: string } {
  const options = type === 'ecdsa' ? { bits: 256 } : {};
  return ssh2.utils.generateKeyPairSync(type, options as never);
}

export async function startSftpServer(options: SftpServerOptions): Promise<SftpServer> {
  const seen = { connections: 0, logins: 0 };
  const reads: number[] = [];
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [...(options.hostKeys ?? [newHostKey().private])] }, (client) => {
    seen.connections += 1;
    const number = seen.connections;
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    client.on('authentication', (context) => {
      authenticate(context, options);
    });
    client.on('ready', () => {
      seen.logins += 1;
    });
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => {
        serve(acceptSftp(), { ...options, client, number, reads });
      });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    for (const client of clients) client.end();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen, reads };
}

function authenticate(context: AuthContext, { password = 'a-password', asks = false }: SftpServerOptions): void {
  if (context.method === 'password' && !asks && context.password === password) context.accept();
  else if (context.method === 'keyboard-interactive' && asks)
    context.prompt([{ prompt: 'Password:', echo: false }], (answers) => {
      if (answers[0] === password) context.accept();
      else context.reject();
    });
  else context.reject([asks ? 'keyboard-interactive' : 'password']);
}

interface Served extends SftpServerOptions {
  readonly client: Connection;
  readonly number: number;
  readonly reads: number[];
}

function serve(sftp: SFTPWrapper, { files, onRead, mostBytes = Infinity, client, number, reads }: Served): void {
  const handles: { path: string; isListed: boolean }[] = [];
  const of = (handle: Buffer) => handles[handle.readUInt32BE(0)] ?? { path: '', isListed: true };
  const open = (id: number, path: string): void => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(handles.push({ path, isListed: false }) - 1);
    sftp.handle(id, handle);
  };
  const describe = (path: string) => {
    const file = files.get(path);
    const isFolder = [...files.keys()].some((each) => each.startsWith(path.replace(/\/?$/, '/')));
    if (file === undefined && !isFolder) return undefined;
    const mtime = file?.mtime ?? 0;
    const mode = file === undefined ? 0o040755 : 0o100644;
    return { mode, uid: 0, gid: 0, size: file?.content.length ?? 0, atime: mtime, mtime };
  };
  const stat = (id: number, path: string): void => {
    const found = describe(path);
    if (found === undefined) sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
    else sftp.attrs(id, found);
  };
  sftp.on('STAT', stat);
  sftp.on('LSTAT', stat);
  sftp.on('FSTAT', (id, handle) => {
    stat(id, of(handle).path);
  });
  sftp.on('OPEN', open);
  sftp.on('OPENDIR', open);
  sftp.on('CLOSE', (id) => {
    sftp.status(id, STATUS_CODE.OK);
  });
  sftp.on('READDIR', (id, handle) => {
    const folder = of(handle);
    if (folder.isListed) {
      sftp.status(id, STATUS_CODE.EOF);
      return;
    }
    folder.isListed = true;
    const prefix = folder.path.replace(/\/?$/, '/');
    const names = [...files.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
    const entries = names.flatMap((filename) => {
      const attrs = describe(prefix + filename);
      return attrs === undefined || filename.includes('/') ? [] : [{ filename, longname: filename, attrs }];
    });
    sftp.name(id, entries);
  });
  sftp.on('READ', (id, handle, offset, length) => {
    const fault = onRead?.(offset, number);
    if (fault === 'cut') client.end();
    if (fault !== undefined) return;
    const content = files.get(of(handle).path)?.content ?? Buffer.alloc(0);
    const bytes = content.subarray(offset, offset + Math.min(length, mostBytes));
    reads.push(bytes.length);
    if (bytes.length === 0) sftp.status(id, STATUS_CODE.EOF);
    else sftp.data(id, bytes);
  });
}
