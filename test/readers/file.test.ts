import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { file } from '../../readers/file.ts';
import type { FetchContext, FetchedFile, SourceVersion } from '../../src/component/reader.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { contentOf, errorOf, testContext } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';

const content = 'some content\n'.repeat(100_000);
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;

function fetchContext(progress: number[] = []): FetchContext {
  return { ...testContext(), onProgress: ({ bytes }) => progress.push(bytes) };
}

async function locate(args: unknown, context = fetchContext()): Promise<SourceVersion> {
  const version = await file.locate(file.args.parse(args), context);
  if ('nothingNew' in version) throw new Error(version.nothingNew);
  // What is kept with a run went through JSON.
  return JSON.parse(JSON.stringify(version)) as SourceVersion;
}

async function fetchFirst(version: SourceVersion, path: string): Promise<FetchedFile> {
  const [fetched] = await file.fetch(version, file.args.parse({ path }), fetchContext());
  if (fetched === undefined) throw new Error('nothing was fetched');
  return fetched;
}

function writeDump(): string {
  const path = join(tempDir(), 'dump.json');
  writeFileSync(path, content);
  return path;
}

describe('file', () => {
  it('is known by its content, under either name of the argument', async () => {
    const path = writeDump();
    const progress: number[] = [];
    const version = await locate({ path }, fetchContext(progress));
    expect(version).toMatchObject({ name: 'dump.json', version: 'dump.json', identity: digest, bytes: content.length });
    expect(progress.at(-1)).toBe(content.length);
    copyFileSync(path, `${path}.copy`);
    expect((await locate({ origin: `${path}.copy` })).identity).toBe(digest);
    expect(await fetchFirst(version, path)).toEqual({ name: 'dump.json', path, bytes: content.length, digest });
  });

  it('refuses a file that changed after it was found, and only then', async () => {
    const path = writeDump();
    const version = await locate({ path });
    utimesSync(path, new Date(), new Date(1_700_000_000_000));
    expect((await fetchFirst(version, path)).digest).toBe(digest);
    writeFileSync(path, content.replace('some', 'SOME'));
    utimesSync(path, new Date(), new Date(1_700_000_001_000));
    expect((await errorOf(fetchFirst(version, path))).code).toBe('E_SOURCE_CHANGED');
    writeFileSync(path, `${content}more`);
    expect((await errorOf(fetchFirst(version, path))).code).toBe('E_SOURCE_CHANGED');
  });

  it('says why a file cannot be read', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'folder'));
    const missing = await errorOf(locate({ path: join(directory, 'none.zip') }));
    expect([missing.code, missing.message]).toEqual(['E_FILE_NOT_FOUND', expect.stringContaining('it is not there')]);
    const folder = await errorOf(locate({ path: join(directory, 'folder') }));
    expect([folder.code, folder.message]).toEqual(['E_FILE_NOT_FOUND', expect.stringContaining('it is a directory')]);
  });

  it.skipIf(process.getuid?.() === 0)('says that it may not read a file', async () => {
    const path = writeDump();
    chmodSync(path, 0);
    expect((await errorOf(locate({ path }))).message).toContain('this user may not read it');
  });

  it('wants exactly one of its two arguments', () => {
    for (const args of [{}, { path: 'a', origin: 'b' }, { path: '' }])
      expect(file.args.safeParse(args).success).toBe(false);
  });
});

describe('fileResource', () => {
  it('streams the file, again and again', async () => {
    const path = writeDump();
    const resource = fileResource(await fetchFirst(await locate({ path }), path));
    expect(resource).toMatchObject({ name: 'dump.json', path, bytes: content.length });
    for (let i = 0; i < 2; i++) expect(String(await contentOf(resource))).toBe(content);
  });

  it('refuses a file that is gone or has another size', async () => {
    const path = writeDump();
    const fetched = await fetchFirst(await locate({ path }), path);
    writeFileSync(path, 'short');
    expect((await errorOf(contentOf(fileResource(fetched)))).code).toBe('E_SOURCE_CHANGED');
    const gone = { ...fetched, path: `${path}.gone` };
    expect((await errorOf(contentOf(fileResource(gone)))).code).toBe('E_SOURCE_CHANGED');
  });
});
