/**
 * A file, or the files of a folder, from an SFTP server. Size and time of change are the version of a file: they are read
 * before a download, and again at its end, so that a file that is being written is noticed.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { defineReader, type FetchContext, type FetchedFile, type SourceVersion } from '../src/component/reader.ts';
import type { SftpFile, SftpPlace, SftpSession } from '../src/component/sftp-service.ts';
import { ConfigError, LimitError, SourceError } from '../src/errors.ts';
import { isCompanion, onlyCompanions } from '../src/formats/archive/companions.ts';
import { compileMemberPattern } from '../src/formats/archive/member-pattern.ts';
import { noMatch } from '../src/formats/archive/select-members.ts';
import { isFolder, sftpArgs, userOf, type SftpArgs } from './arguments/sftp-args.ts';

const locatorSchema = z.object({ list: z.string(), tag: z.string().optional() });

/** SFTP knows times in whole seconds: a file may change once more within the second in which it was looked at. */
const YOUNG_MS = 3000;

export const sftp = defineReader<SftpArgs>({
  type: 'sftp',
  version: 1,
  summary: 'A file or the files of a folder from an SFTP server',
  description:
    'Downloads into the spool, resumably. Size and time of change say before the download whether a file is new. The host key of the server is always verified, before anything is sent. SFTP connections do not go through the proxies of `HTTPS_PROXY`. Companion files of operating systems (`.DS_Store`, `Thumbs.db` and the like) are never read.',
  args: sftpArgs,
  examples: [
    {
      title: 'A file, with a private key',
      args: {
        origin: 'sftp://vocabularies@sftp.example.org/export/affiliations.csv',
        private_key: { $secret: 'file:/etc/vocab-sync/id_ed25519' },
        host_key: 'SHA256:kU2xWVXRCo0e4zVwHPMtUpmzR8m9nY2a8oTQH1mZt5U',
      },
    },
    {
      title: 'The newest dump of a folder, with a password',
      args: {
        origin: 'sftp://vocabularies@sftp.example.org:2222/dumps/',
        password: { $secret: 'env:SFTP_PASSWORD' },
        regex: '^funders-.*\\.csv\\.gz$',
        pick: 'newest',
      },
    },
  ],
  coverage: 'full',
  covers: (args) => args.coverage,
  accepts: 'nothing',
  emits: 'bytes',
  locate,
  fetch,
});

async function locate(args: SftpArgs, context: FetchContext): Promise<SourceVersion> {
  const files = await inSession(args, context, (session) => findFiles(args, session, context));
  const newest = new Date(Math.max(...files.map(({ modified }) => modified.getTime())));
  const [only] = files;
  const list = digestOf(files);
  const isYoung = Date.now() - newest.getTime() < YOUNG_MS;
  return {
    name:
      only !== undefined && files.length === 1
        ? basename(only.path)
        : `${String(files.length)} files of ${nameOf(args)}`,
    version: newest.toISOString(),
    published: newest.toISOString(),
    ...(isYoung ? {} : { identity: `${nameOf(args)} ${list}` }),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    // With the time of this look, a young file is not taken for one that an earlier run downloaded.
    locator: { list, ...(isYoung ? { tag: Date.now().toString(36) } : {}) },
  };
}

async function fetch(version: SourceVersion, args: SftpArgs, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { list, tag } = locatorSchema.parse(version.locator);
  return inSession(args, context, async (session) => {
    const found = await findFiles(args, session, context);
    if (digestOf(found) !== list) throw changed(args);
    const files: FetchedFile[] = [];
    let before = 0;
    for (const file of found) {
      const { path, bytes, digest } = await session.download(file, {
        tag,
        signal: context.signal,
        maxBytes: args.max_bytes,
        onProgress: (progress) => {
          const total = version.bytes === undefined ? {} : { total: version.bytes };
          context.onProgress({ bytes: before + progress.bytes, ...total });
        },
      });
      before += bytes;
      files.push({ name: basename(file.path), path, bytes, digest });
    }
    return files;
  });
}

async function inSession<T>(
  args: SftpArgs,
  context: FetchContext,
  work: (session: SftpSession) => Promise<T>,
): Promise<T> {
  const session = await context.services.sftp.open(placeOf(args), context.signal);
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

/** In the order of their names. Throws where nothing is there or nothing matches. */
async function findFiles(args: SftpArgs, session: SftpSession, context: FetchContext): Promise<readonly SftpFile[]> {
  const path = pathOf(args);
  const found = await session.find(path, context.signal);
  if (found === 'folder' && !isFolder(args.origin)) throw isAFolder(args);
  if (found !== 'folder') {
    if (isFolder(args.origin)) throw isAFile(args);
    return [found];
  }
  const files = await listFiles(args, session.list(path, context.signal));
  if (args.pick === 'all') return files;
  const times = files.map(({ modified }) => modified.getTime());
  const latest = Math.max(...times);
  // Of several with the same time, names decide: of dated files, the last.
  return files.filter((_, i) => times[i] === latest).slice(-1);
}

async function listFiles(args: SftpArgs, pages: AsyncIterable<readonly SftpFile[]>): Promise<readonly SftpFile[]> {
  const pattern = args.regex === undefined ? undefined : compileMemberPattern(args.regex);
  const files: SftpFile[] = [];
  const others: { readonly name: string }[] = [];
  let [count, companions] = [0, 0];
  for await (const page of pages) {
    for (const file of page) {
      const name = basename(file.path);
      if (isCompanion(name, file.bytes)) {
        companions += 1;
        continue;
      }
      count += 1;
      if (pattern?.matches(name) !== false) files.push(file);
      else if (others.length < MOST_NAMES) others.push({ name });
      if (files.length > args.max_files) throw tooMany(args);
    }
  }
  if (count === 0) throw companions > 0 ? onlyCompanions(nameOf(args), companions) : empty(args);
  if (files.length === 0 && pattern !== undefined) throw noMatch(others, pattern, nameOf(args), count);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Names that are kept for the sentence that says that none was wanted. */
const MOST_NAMES = 1000;

function placeOf(args: SftpArgs): SftpPlace {
  const { hostname, port } = new URL(args.origin);
  const hostKeys = args.host_key === undefined ? [] : [args.host_key].flat();
  return {
    host: hostname.replace(/^\[|\]$/g, '').toLowerCase(),
    port: port === '' ? 22 : Number(port),
    username: userOf(args) ?? '',
    password: args.password,
    privateKey: args.private_key,
    passphrase: args.passphrase,
    hostKeys: hostKeys.map((text) => text.replace(/=+$/, '')),
    knownHosts: args.known_hosts,
  };
}

function pathOf({ origin }: Pick<SftpArgs, 'origin'>): string {
  const path = decodeURIComponent(new URL(origin).pathname);
  if (!path.startsWith('/~/')) return path;
  const inHome = path.slice(3);
  return inHome === '' ? '.' : inHome;
}

function digestOf(files: readonly SftpFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes, modified } of files) hash.update(JSON.stringify([path, bytes, modified.getTime()]));
  return `list:${hash.digest('hex')}`;
}

/** The address without the user name. */
function nameOf({ origin }: Pick<SftpArgs, 'origin'>): string {
  return origin.replace(/^sftp:\/\/[^/]*@/i, 'sftp://');
}

function isAFolder(args: SftpArgs): ConfigError {
  const message = `${nameOf(args)} is a folder. To read its files, end "origin" with "/"; "regex" and "pick" choose among them.`;
  return new ConfigError('E_URL_INVALID', message, { details: { url: nameOf(args) } });
}

function isAFile(args: SftpArgs): ConfigError {
  const message = `${nameOf(args)} is a file and no folder. Remove the "/" at the end of "origin".`;
  return new ConfigError('E_URL_INVALID', message, { details: { url: nameOf(args) } });
}

function empty(args: SftpArgs): SourceError {
  const message = `Expected files in ${nameOf(args)}, found none. Check "origin" of the reader. Subfolders are not read.`;
  return new SourceError('E_SOURCE_EMPTY', message, { details: { url: nameOf(args) } });
}

function changed(args: SftpArgs): SourceError {
  const message = `The files of ${nameOf(args)} changed since the run began. Run again when nobody writes there.`;
  return new SourceError('E_SOURCE_CHANGED', message, { details: { url: nameOf(args) } });
}

function tooMany(args: SftpArgs): LimitError {
  const message = `${nameOf(args)} has more than ${String(args.max_files)} files to read, the limit of max_files. Narrow it by "regex", or raise the limit.`;
  return new LimitError('E_ARCHIVE_ENTRIES', message, { details: { url: nameOf(args), limit: args.max_files } });
}
