import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import yazl from 'yazl';
import { zip } from '../../readers/zip.ts';
import { buildZip, type ZipPart } from '../support/build-zip.ts';
import { fixtureRecords, formatFixtures } from '../support/format-fixtures.ts';
import {
  asContainer,
  bytesResource,
  contentOf,
  errorOf,
  pathResource,
  readMembers,
  testContext,
  testServices,
  singly,
} from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';

async function readAll(path: string, args: unknown = {}): Promise<[string, number, string][]> {
  const read: [string, number, string][] = [];
  for (const { position, resource } of await readMembers(zip, pathResource(path), args)) {
    read.push([resource.name, position, String(await contentOf(resource))]);
  }
  return read;
}

function writeZip(parts: readonly ZipPart[]): string {
  const path = join(tempDir(), 'dump.zip');
  writeFileSync(path, buildZip(parts));
  return path;
}

const ONE_GIBIBYTE = { max_entry_bytes: 1024 ** 3 };

const rorNames = (...names: string[]): ZipPart[] => names.map((name) => ({ name, content: `content of ${name}` }));

describe('zip', () => {
  it.each(formatFixtures('zip', 'ok'))('reads $name', async ({ path }) => {
    const [[name, position, content] = [], ...others] = await readAll(path);
    expect([name, position, others]).toEqual(['records.json', 0, []]);
    expect(JSON.parse(content ?? '')).toEqual(fixtureRecords);
  });

  it.each(formatFixtures('zip', 'bad'))('refuses $name with its code', async ({ path, code }) => {
    expect((await errorOf(readAll(path, ONE_GIBIBYTE))).code).toBe(code);
  });

  it('says what it found in place of a zip', async () => {
    const messages = new Map<string, string>();
    for (const { name, path } of formatFixtures('zip', 'bad'))
      messages.set(name, (await errorOf(readAll(path, ONE_GIBIBYTE))).message);
    const say = (kind: string): string | undefined => messages.get(`E_ZIP_NO_CENTRAL_DIRECTORY.${kind}.zip`);
    expect(say('html-page')).toContain('it is an HTML page');
    expect(say('gzip')).toContain('it is a gzip file');
    expect(say('json')).toContain('it is JSON');
    expect(say('empty')).toContain('it is empty');
    expect(say('truncated')).toContain('it is truncated');
    expect(messages.get('E_ARCHIVE_RATIO.bomb.zip')).toMatch(/bomb\.json unpacks to at least 10\d\d times/);
  });

  it('finds what yazl writes: directories, comments, data behind the header', async () => {
    const file = new yazl.ZipFile();
    file.addEmptyDirectory('folder');
    file.addBuffer(Buffer.from('a'.repeat(100_000)), 'folder/a.txt');
    file.addBuffer(Buffer.from('b'), 'b.txt', { compress: false, forceZip64Format: true });
    file.end({ forceZip64Format: false, comment: 'a comment' });
    const chunks: Buffer[] = [];
    for await (const chunk of file.outputStream) chunks.push(chunk as Buffer);
    const path = join(tempDir(), 'yazl.zip');
    writeFileSync(path, Buffer.concat(chunks));
    expect(await readAll(path)).toEqual([
      ['folder/a.txt', 1, 'a'.repeat(100_000)],
      ['b.txt', 2, 'b'],
    ]);
  });

  // Found by `npm run fuzz -- --format zip`: Node throws for such a position where nobody can catch it.
  it('refuses records that refer to a place outside of the file, as far away as it may be', async () => {
    const path = join(tempDir(), 'dump.zip');
    const bytes = buildZip([{ name: 'a.json', content: '[]' }], { zip64Count: 1 });
    for (const offset of [2n ** 64n - 1n, 2n ** 53n, 2n ** 31n, 500n]) {
      bytes.writeBigUInt64LE(offset, bytes.indexOf('PK\x06\x07', 0, 'latin1') + 8);
      writeFileSync(path, bytes);
      const error = await errorOf(readAll(path));
      expect([error.code, error.message]).toEqual(['E_ZIP_CORRUPT', expect.stringContaining('outside of its')]);
    }
  });

  it('reads a member that is chosen although another one is unreadable', async () => {
    const path = writeZip([
      { name: 'a.json', content: '[]' },
      { name: 'b.json', content: '[]', claimed: { flags: 1 } },
      { name: 'c.json', content: '[]', claimed: { method: 99 } },
    ]);
    expect(await readAll(path, { regex: 'a\\.json$' })).toEqual([['a.json', 0, '[]']]);
    expect((await errorOf(readAll(path, { regex: 'b|c' }))).code).toBe('E_ZIP_UNSUPPORTED');
  });

  it('reads a resource that is no file by way of the spool, and leaves nothing there', async () => {
    const directory = mkdtempSync(join(tempDir(), 'spool-'));
    const context = testContext({ services: testServices(directory) });
    const archive = buildZip(rorNames('a', 'b'));
    const contents: string[] = [];
    for await (const { resource } of singly(
      asContainer(zip).read(bytesResource(archive, [7]), zip.args.parse({}), context),
    )) {
      expect(readdirSync(join(directory, 'tmp'))).toHaveLength(1);
      contents.push(String(await contentOf(resource)));
    }
    expect(contents).toEqual(['content of a', 'content of b']);
    expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
  });

  it('refuses an archive that was replaced after it was fetched', async () => {
    const path = writeZip(rorNames('a'));
    const fetched = pathResource(path);
    const [member] = await readMembers(zip, fetched);
    writeFileSync(path, buildZip(rorNames('a', 'b')));
    expect((await errorOf(readMembers(zip, fetched))).code).toBe('E_SOURCE_CHANGED');
    rmSync(path);
    expect((await errorOf(contentOf(member?.resource ?? fetched))).code).toBe('E_SOURCE_CHANGED');
  });

  it('streams a member again from its start each time', async () => {
    const [member] = await readMembers(zip, pathResource(writeZip(rorNames('a'))));
    expect(member).toBeDefined();
    for (let i = 0; i < 2 && member !== undefined; i++)
      expect(String(await contentOf(member.resource))).toBe('content of a');
  });
});

describe('the regex of zip', () => {
  const dual = [
    'v1.50-2024-07-29-ror-data.json',
    'v1.50-2024-07-29-ror-data_schema_v2.json',
    'v1.50-2024-07-29-ror-data_schema_v2.csv',
  ];
  const current = ['v2.9-2026-06-23-ror-data.json', 'v2.9-2026-06-23-ror-data.csv'];

  it.each([
    ['-ror-data\\.json$', dual, [dual[0]]],
    ['_schema_v2\\.json$', dual, [dual[1]]],
    ['-ror-data\\.json$', current, [current[0]]],
    ['(?i)ROR-DATA', dual, dual],
    ['^v2', current, current],
    ['^v2\\.9[-\\w.]+\\.json\\Z', current, [current[0]]],
  ])('%s selects by search, in the order of the archive', async (regex, names, selected) => {
    expect((await readAll(writeZip(rorNames(...names)), { regex })).map(([name]) => name)).toEqual(selected);
  });

  it('lists the members and the nearest one when nothing matches', async () => {
    const error = await errorOf(readAll(writeZip(rorNames(...current)), { regex: '-ror-dta\\.json$' }));
    expect(error.code).toBe('E_ARCHIVE_NO_MATCH');
    for (const name of current) expect(error.message).toContain(name);
    expect(error.message).toContain('"^v2\\\\.9-2026-06-23-ror-data\\\\.json$"');
  });

  it('takes the one JSON member for the outdated ROR pattern, with a warning that says what to write', async () => {
    const context = testContext();
    const path = writeZip(rorNames(...current));
    const members = await readMembers(zip, pathResource(path), { regex: '_schema_v2\\.json$' }, context);
    expect(members.map(({ resource }) => resource.name)).toEqual([current[0]]);
    expect(context.warnings).toEqual([
      { code: 'W_ZIP_OUTDATED_PATTERN', message: expect.stringContaining('"-ror-data\\\\.json$"') as string },
    ]);
  });

  it('guesses nothing where the outdated pattern could mean several members', async () => {
    const path = writeZip(rorNames('v2.8-ror-data.json', 'v2.9-ror-data.json'));
    expect((await errorOf(readAll(path, { regex: '_schema_v2\\.json$' }))).code).toBe('E_ARCHIVE_NO_MATCH');
  });

  it('refuses what is no RE2, before anything is read', () => {
    const { error } = zip.args.safeParse({ regex: '(?<=ror)data' });
    expect(error?.issues[0]).toMatchObject({ path: ['regex'], message: expect.stringContaining('RE2') as string });
  });

  it('takes linear time for a pattern that would take for ever', async () => {
    const path = writeZip(rorNames('a'.repeat(5000)));
    expect((await errorOf(readAll(path, { regex: '(a+)+$b' }))).code).toBe('E_ARCHIVE_NO_MATCH');
  });
});
