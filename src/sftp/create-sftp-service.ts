/** The SFTP service that components receive: finds, lists, and downloads files into the spool. */
import { join } from 'node:path';
import type { Attributes, FileEntryWithStats, SFTPWrapper } from 'ssh2';
import type { Logger } from '../component/services.ts';
import type { SftpFile, SftpPlace, SftpService, SftpSession } from '../component/sftp-service.ts';
import { download } from '../http/download.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { OpenAnswer } from '../http/open-answer.ts';
import type { RetryPolicy } from '../http/retrying.ts';
import { retrying } from '../http/retrying.ts';
import { createUrlPolicy } from '../http/url-policy.ts';
import { addressOf, connect, loadKey, type Connection, type SftpLogin, type SftpTiming } from './connect.ts';
import { inTime, readFileRange } from './read-file.ts';
import { fileChanged, toSftpError } from './sftp-errors.ts';

export interface SftpServiceOptions {
  readonly spoolDirectory: string;
  /** The hosts that may be asked, as for HTTP. Empty: any. */
  readonly allowedHosts: readonly string[];
  readonly logger: Logger;
  readonly timing?: Partial<SftpTiming & RetryPolicy>;
}

/** As for HTTP: a slow source is better than a failed run. */
const TIMING: SftpTiming = { connect: 20_000, stall: 60_000 };
const RETRY: RetryPolicy = { retries: 3, pause: 500 };

/** The bits of a mode that say what a file is, and their values (stat(2)). */
const KIND = 0o170000;
const FOLDER = 0o040000;
const FILE = 0o100000;
const LINK = 0o120000;

export function createSftpService({ timing, ...options }: SftpServiceOptions): SftpService {
  const policy = createUrlPolicy(options.allowedHosts);
  const retry = { ...RETRY, ...timing };
  const limits = { ...TIMING, ...timing };
  return {
    async open(place, signal) {
      policy.check(
        addressOf(place)
          .replace(/^sftp:/, 'https:')
          .replace(/^(https:\/\/[^/]*[^\d:])$/, '$1:22'),
      );
      const connections = createConnections({ place, key: await loadKey(place) }, limits);
      await retrying(retry, signal, () => connections.get(signal));
      return createSession(place, connections, { ...options, retry, stall: limits.stall });
    },
  };
}

interface Connections {
  get(signal: AbortSignal): Promise<Connection>;
  end(): void;
}

function createConnections(login: SftpLogin, timing: SftpTiming): Connections {
  let current: Connection | undefined;
  return {
    async get(signal) {
      if (current?.isOpen === true) return current;
      current?.end();
      current = undefined;
      return (current = await connect(login, timing, signal));
    },
    end() {
      current?.end();
    },
  };
}

interface SessionOptions {
  readonly spoolDirectory: string;
  readonly logger: Logger;
  readonly retry: RetryPolicy;
  readonly stall: number;
}

/** Requests on the connection of a session. After an error of the connection, the next request opens another. */
interface Requests {
  /** `path` is for messages. */
  ask<T>(path: string, signal: AbortSignal, work: (sftp: SFTPWrapper) => Promise<T>): Promise<T>;
  stat(path: string, signal: AbortSignal): Promise<Attributes>;
}

function createSession(place: SftpPlace, connections: Connections, options: SessionOptions): SftpSession {
  const { retry, stall, logger } = options;
  const directory = join(options.spoolDirectory, 'downloads');
  const requests = createRequests(place, connections, stall);
  return {
    async find(path, signal) {
      const found = await retrying(retry, signal, () => requests.stat(path, signal));
      return (found.mode & KIND) === FOLDER ? 'folder' : toFile(path, found);
    },
    list: (path, signal) => listFolder(requests, path, stall, signal),
    async download(file, { tag = '', ...request }) {
      const etag = `"${versionOf(file)}${tag === '' ? '' : `-${tag}`}"`;
      const address = addressOf(place, file.path);
      // The version belongs to the name: what the spool has of this version is right without asking.
      const url = `${address}#${encodeURIComponent(`${place.username} ${etag}`)}`;
      const client: HttpClient = {
        retry,
        check: () => undefined,
        open: async (asked) => {
          const start = Number(/^bytes=(\d+)-$/.exec(asked.headers['range'] ?? '')?.[1] ?? 0);
          const found = await requests.stat(file.path, asked.signal);
          if (versionOf(toFile(file.path, found)) !== versionOf(file)) throw fileChanged(address);
          const part = { file, address, etag, start };
          return toAnswer(part, bytesOf(part, connections, stall, asked.signal));
        },
      };
      const wanted = { accept: ['*/*', 'text/html'], expected: { bytes: file.bytes } };
      return download({ ...request, ...wanted, url }, { client, directory, logger });
    },
    close() {
      connections.end();
    },
  };
}

function createRequests(place: SftpPlace, connections: Connections, stall: number): Requests {
  const requests: Requests = {
    async ask(path, signal, work) {
      const connection = await connections.get(signal);
      const onAbort = (): void => {
        connection.end();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        return await work(connection.sftp);
      } catch (error) {
        signal.throwIfAborted();
        endIfBroken(connection, error);
        throw toSftpError(error, addressOf(place, path));
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    stat: (path, signal) =>
      requests.ask(path, signal, (sftp) =>
        inTime<Attributes>(stall, (done) => {
          sftp.stat(path, done);
        }),
      ),
  };
  return requests;
}

/** A status of the server leaves the connection as it is. After a missing answer, the next ones cannot be trusted. */
function endIfBroken(connection: Connection, error: unknown): void {
  if (typeof (error as { readonly code?: unknown }).code !== 'number') connection.end();
}

async function* listFolder(
  requests: Requests,
  path: string,
  stall: number,
  signal: AbortSignal,
): AsyncGenerator<readonly SftpFile[], void, undefined> {
  const handle = await requests.ask(path, signal, (sftp) =>
    inTime<Buffer>(stall, (done) => {
      sftp.opendir(path, done);
    }),
  );
  for (;;) {
    const entries = await requests.ask(path, signal, (sftp) => readEntries(sftp, handle, stall));
    if (entries === undefined) break;
    const files: SftpFile[] = [];
    for (const { filename, attrs } of entries) {
      if (filename === '.' || filename === '..') continue;
      const whole = path.endsWith('/') ? path + filename : `${path}/${filename}`;
      // A list describes the link, not the file that it leads to. A link that leads nowhere is no file.
      const isLink = (attrs.mode & KIND) === LINK;
      const found = isLink ? await requests.stat(whole, signal).catch(() => undefined) : attrs;
      if (found !== undefined && (found.mode & KIND) === FILE) files.push(toFile(whole, found));
    }
    yield files;
  }
  await requests.ask(path, signal, (sftp) =>
    inTime<undefined>(stall, (done) => {
      sftp.close(handle, done);
    }),
  );
}

async function* bytesOf(
  { file, address, start }: Part,
  connections: Connections,
  stall: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const connection = await connections.get(signal);
  const { sftp } = connection;
  const onAbort = (): void => {
    connection.end();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const handle = await inTime<Buffer>(stall, (done) => {
      sftp.open(file.path, 'r', done);
    });
    yield* readFileRange(sftp, handle, { start, end: file.bytes }, stall);
    const after = await inTime<Attributes>(stall, (done) => {
      sftp.fstat(handle, done);
    });
    if (versionOf(toFile(file.path, after)) !== versionOf(file)) throw fileChanged(address);
    sftp.close(handle, () => undefined);
  } catch (error) {
    signal.throwIfAborted();
    endIfBroken(connection, error);
    throw toSftpError(error, address);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Returns undefined at the end of the list. */
function readEntries(sftp: SFTPWrapper, handle: Buffer, stall: number): Promise<FileEntryWithStats[] | undefined> {
  return inTime<FileEntryWithStats[] | undefined>(stall, (done) => {
    sftp.readdir(handle, (error, entries) => {
      const isEnd = (error as { readonly code?: unknown } | undefined)?.code === 1;
      done(isEnd ? undefined : error, isEnd ? undefined : entries);
    });
  });
}

function toFile(path: string, { size, mtime }: Attributes): SftpFile {
  return { path, bytes: size, modified: new Date(mtime * 1000) };
}

function versionOf({ bytes, modified }: SftpFile): string {
  return `${String(bytes)}-${String(modified.getTime())}`;
}

interface Part {
  readonly file: SftpFile;
  readonly address: string;
  readonly etag: string;
  readonly start: number;
}

/** As a web server would answer, so that one code resumes, checks and stores every download. */
function toAnswer({ file, address, etag, start }: Part, body: AsyncIterable<Buffer>): OpenAnswer {
  const total = String(file.bytes);
  const isRest = start > 0;
  const isPast = isRest && start >= file.bytes;
  const range = isPast ? `bytes */${total}` : `bytes ${String(start)}-${String(file.bytes - 1)}/${total}`;
  return {
    status: isPast ? 416 : isRest ? 206 : 200,
    network: 'public',
    url: address,
    headers: {
      etag,
      'content-length': String(file.bytes - start),
      ...(isRest ? { 'content-range': range } : {}),
    },
    body,
    close: () => undefined,
  };
}
