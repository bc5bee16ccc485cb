import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { s3 } from '../../readers/s3.ts';
import { tar } from '../../readers/tar.ts';
import { zip } from '../../readers/zip.ts';
import type { SourceReader } from '../../src/component/reader.ts';
import { buildTar } from '../support/build-tar.ts';
import { buildZip } from '../support/build-zip.ts';
import { memoryBuckets } from '../support/memory-buckets.ts';
import { asContainer, errorOf, pathResource, readMembers, testContext } from '../support/read-resource.ts';
import { readerContext } from '../support/source-reader-context.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Member {
  readonly name: string;
  readonly content: string;
}

const COMPANIONS = [
  '__MACOSX/._a.json',
  '__MACOSX/data/plain.json',
  'data/._a.json',
  '._a.json',
  '.DS_Store',
  'data/.DS_Store',
  'Thumbs.db',
  'data/thumbs.db',
  'data/ehthumbs.db',
  'Desktop.ini',
  'data/@eaDir/a.json',
  '.AppleDouble/a.json',
  '$RECYCLE.BIN/a.json',
  'System Volume Information/a.json',
  'data_$folder$',
];

/** Names that only resemble a companion. */
const DATA = [
  'a.json',
  '.hidden.json',
  '_.json',
  'my__MACOSX/b.json',
  'Thumbs.db.json',
  'desktop.ini.json',
  'x._y.json',
];

const contentOf = (name: string): Member => ({ name, content: `content of ${name}` });
const folder = { name: 'data/', content: '' };
const onlyCompanions = [folder, ...COMPANIONS.map(contentOf)];
const mixed = [...onlyCompanions, ...DATA.map(contentOf)];

function written(name: string, bytes: Buffer): string {
  const path = join(tempDir(), name);
  writeFileSync(path, bytes);
  return path;
}

async function namesIn(reader: typeof zip, path: string, args: object): Promise<string[]> {
  const members = await readMembers(reader, pathResource(path), args);
  return members.map(({ resource }) => resource.name);
}

async function namesInBucket(members: readonly Member[], args: object): Promise<string[]> {
  const buckets = memoryBuckets(tempDir());
  for (const { name, content } of members) buckets.put('bucket', name, content, new Date('2024-01-01T10:00:00Z'));
  const base = readerContext();
  const context = { ...base, services: { ...base.services, s3: buckets.s3 } };
  const reader: SourceReader = s3;
  const parsed = reader.args.parse({ bucket: 'bucket', ...args });
  const version = await reader.locate(parsed, context);
  if ('nothingNew' in version) return [];
  const files = await reader.fetch(version, parsed, context);
  return files.map(({ name }) => name);
}

type Read = (members: readonly Member[], args: object) => Promise<string[]>;
const READERS: readonly (readonly [string, Read])[] = [
  ['zip', (members, args) => namesIn(zip, written('a.zip', buildZip(members)), args)],
  ['tar', (members, args) => namesIn(tar, written('a.tar', buildTar(members)), args)],
  ['tar.gz', (members, args) => namesIn(tar, written('a.tgz', gzipSync(buildTar(members))), args)],
  ['s3', namesInBucket],
];

describe.each(READERS)('companions in %s', (_, read) => {
  it('are no data, while files that resemble them are', async () => {
    expect((await read(mixed, {})).sort()).toEqual([...DATA].sort());
  });

  it('are not selected by a regex that matches them', async () => {
    expect(await read(mixed, { regex: '(^|[._])a\\.json$' })).toEqual(['a.json']);
  });

  it('are not offered where a regex matches nothing', async () => {
    const error = await errorOf(read(mixed, { regex: 'Thumbs\\.db$' }));
    expect(error.code).toBe('E_ARCHIVE_NO_MATCH');
    expect(error.message).not.toContain('._a.json');
  });

  it.each([{}, { regex: '\\.json$' }])('are said to be all that there is, with %j', async (args) => {
    const error = await errorOf(read(onlyCompanions, args));
    expect([error.code, error.message]).toEqual(['E_ARCHIVE_NO_DATA', expect.stringContaining('16 members')]);
  });
});

describe('a split tar of companions', () => {
  it('is an error before it is read', async () => {
    const input = pathResource(written('a.tar', buildTar(onlyCompanions)));
    const { signal, services } = testContext();
    const split = asContainer(tar).split?.(input, tar.args.parse({}), { parts: 2, signal, services });
    expect((await errorOf(split ?? Promise.resolve())).code).toBe('E_ARCHIVE_NO_DATA');
  });
});

const ARCHIVES = READERS.filter(([name]) => name !== 's3');

describe.each(ARCHIVES)('names with backslashes in %s', (_, read) => {
  it('are read with slashes', async () => {
    const members = ['data\\a.json', 'data/sub\\b.json', '.\\c.json', '__MACOSX\\._a.json'].map(contentOf);
    expect(await read([{ name: 'data\\', content: '' }, ...members], {})).toEqual([
      'data/a.json',
      'data/sub/b.json',
      './c.json',
    ]);
    expect(await read(members, { regex: '^data/a' })).toEqual(['data/a.json']);
  });

  it.each([
    '..\\x.json',
    'a\\..\\..\\x.json',
    'a/..\\x',
    'C:\\x.json',
    'c:x.json',
    '\\x.json',
    '\\\\host\\share\\x',
    'a\\..',
  ])('are refused where they leave the archive: %s', async (name) => {
    const error = await errorOf(read([contentOf('a.json'), contentOf(name)], {}));
    expect([error.code, error.details]).toMatchObject(['E_ARCHIVE_ENTRY_NAME', { member: name }]);
  });
});
