import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import tarStream from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { tar } from '../../readers/tar.ts';
import type { Resource } from '../../src/component/resource.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { buildTar, buildTarPart, type TarPart } from '../support/build-tar.ts';
import { fixtureRecords, formatFixtures } from '../support/format-fixtures.ts';
import {
  asContainer,
  bytesResource,
  contentOf,
  errorOf,
  readMembers,
  testContext,
  testServices,
  singly,
} from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { tempDir } from '../support/temp-dir.ts';

type Found = [name: string, position: number, content: string];

async function readAll(input: Resource, args: unknown = {}, context = testContext()): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { position, resource } of singly(asContainer(tar).read(input, tar.args.parse(args), context))) {
    found.push([resource.name, position, String(await contentOf(resource))]);
  }
  return found;
}

const fileOf = (path: string): Resource =>
  fileResource({ name: path.split('/').at(-1) ?? '', path, bytes: readFileSync(path).length, digest: '' });

function written(bytes: Buffer, name = 'dump.tar'): Resource {
  const path = join(tempDir(), name);
  writeFileSync(path, bytes);
  return fileOf(path);
}

const files = (...names: string[]): TarPart[] => names.map((name) => ({ name, content: `content of ${name}` }));
const namesOf = (found: readonly Found[]): string[] => found.map(([name]) => name);

describe('tar', () => {
  it.each(formatFixtures('tar', 'ok'))('reads $name', async ({ path }) => {
    const [[name, position, content] = [], ...others] = await readAll(fileOf(path));
    expect([name, position, others]).toEqual(['records.json', 0, []]);
    expect(JSON.parse(content ?? '')).toEqual(fixtureRecords);
  });

  it.each(formatFixtures('tar', 'bad'))('refuses $name with its code', async ({ path, code }) => {
    expect((await errorOf(readAll(fileOf(path)))).code).toBe(code);
  });

  it.each(formatFixtures('tar', 'bad'))('refuses $name however it arrives', async ({ path, code }) => {
    const bytes = readFileSync(path);
    // The bomb one byte at a time takes minutes and shows nothing more.
    const sizes = bytes.length > 10_000 ? [1000] : [1, 600, 1];
    expect((await errorOf(readAll(bytesResource(bytes, sizes)))).code).toBe(code);
  });

  it('says what it found, and at which byte', async () => {
    const messages = new Map<string, string>();
    for (const { name, path } of formatFixtures('tar', 'bad'))
      messages.set(name, (await errorOf(readAll(fileOf(path)))).message);
    expect(messages.get('E_TAR_CORRUPT.html-page.tar')).toContain('it is an HTML page');
    expect(messages.get('E_TAR_CORRUPT.bzip2.tar')).toContain('it is a bzip2 file');
    expect(messages.get('E_TAR_CORRUPT.json-in-gzip.tar.gz')).toContain('it is JSON');
    expect(messages.get('E_TAR_CORRUPT.empty.tar')).toContain('it is empty');
    expect(messages.get('E_TAR_CORRUPT.wrong-checksum.tar')).toMatch(/at byte 1536: the checksum/);
    expect(messages.get('E_TAR_TRUNCATED.declares-9-gigabytes.tar')).toMatch(
      /records\.json should have 9000000000 bytes from byte 2048, but the tar ends at byte \d+/,
    );
    expect(messages.get('E_TAR_TRUNCATED.between-members.tar')).toContain('ends at byte 3072 without');
    expect(messages.get('E_GZIP_CORRUPT.truncated.tar.gz')).toContain('it is truncated');
  });

  it('takes names from where they stand: prefix, pax, GNU, link targets left alone', async () => {
    const long = `${'deep/'.repeat(60)}ä.xml`;
    const found = await readAll(
      bytesResource(
        buildTar([
          { name: 'a.xml', prefix: 'ORCID_2023/000', content: 'a' },
          { name: 'b.xml', prefix: 'not a prefix', form: 'gnu', content: 'b' },
          { name: 'x', pax: { path: long }, content: 'c' },
          { name: long, longName: true, form: 'gnu', content: 'd' },
          { name: 'e.xml', content: 'e' },
        ]),
        [10],
      ),
    );
    expect(found).toEqual([
      ['ORCID_2023/000/a.xml', 0, 'a'],
      ['b.xml', 1, 'b'],
      [long, 2, 'c'],
      [long, 3, 'd'],
      ['e.xml', 4, 'e'],
    ]);
  });

  it('keeps global pax records for all that follow, until they are taken back', async () => {
    const parts: TarPart[] = [
      { name: 'a', globalPax: { path: 'given' }, content: '1' },
      { name: 'b', content: '2' },
      { name: 'c', pax: { path: 'own' }, content: '3' },
      { name: 'd', globalPax: { path: '' }, content: '4' },
    ];
    expect(namesOf(await readAll(bytesResource(buildTar(parts))))).toEqual(['given', 'given', 'own', 'd']);
  });

  it('reads what tar-stream writes: directories, empty members, long names', async () => {
    const pack = tarStream.pack();
    pack.entry({ name: 'folder', type: 'directory' });
    pack.entry({ name: 'folder/empty.txt' }, '');
    pack.entry({ name: `${'long'.repeat(70)}/ä.txt` }, 'long');
    pack.entry({ name: 'folder/a.txt' }, 'a'.repeat(100_000));
    pack.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of pack) chunks.push(chunk as Buffer);
    const expected: Found[] = [
      ['folder/empty.txt', 1, ''],
      [`${'long'.repeat(70)}/ä.txt`, 2, 'long'],
      ['folder/a.txt', 3, 'a'.repeat(100_000)],
    ];
    expect(await readAll(written(Buffer.concat(chunks)))).toEqual(expected);
    expect(await readAll(written(gzipSync(Buffer.concat(chunks))))).toEqual(expected);
  });

  it.each(['r', 'r:', 'r|', 'r|gz', 'r:gz', 'r:*', 'r|bz2'])('lets the content decide with mode %s', async (mode) => {
    const plain = buildTar(files('a'));
    for (const bytes of [plain, gzipSync(plain)]) {
      expect(namesOf(await readAll(bytesResource(bytes), { mode }))).toEqual(['a']);
    }
  });

  it('leaves links out with a warning, and devices without one', async () => {
    const context = testContext();
    const parts: TarPart[] = [
      { name: 'a.xml', content: 'a' },
      { name: 'b.xml', type: '1', linkName: 'a.xml', claimed: { bytes: 1000 } },
      { name: 'c.xml', type: '2', linkName: '../a.xml' },
      { name: 'd.xml', type: '3' },
      { name: 'e.xml', type: 'Z', content: 'of an unknown type' },
    ];
    expect(await readAll(bytesResource(buildTar(parts)), {}, context)).toEqual([
      ['a.xml', 0, 'a'],
      ['e.xml', 4, 'of an unknown type'],
    ]);
    expect(context.warnings.map(({ code, message }) => [code, message.slice(0, 40)])).toEqual([
      ['W_TAR_LINK', 'b.xml in test.json is a link to a.xml an'],
      ['W_TAR_LINK', 'c.xml in test.json is a link to ../a.xml'],
    ]);
  });

  it('passes over sparse members that are not selected, with the blocks of their maps', async () => {
    const sparse = buildTarPart({ name: 'sparse.bin', type: 'S', form: 'gnu', content: 'data' });
    const map = Buffer.alloc(512, 1);
    map[504] = 0;
    const extended = Buffer.from(sparse.subarray(0, 512));
    extended[482] = 1;
    extended.write('        ', 148, 'latin1');
    const sum = extended.reduce((total, byte) => total + byte, 0);
    extended.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const bytes = Buffer.concat([sparse, extended, map, sparse.subarray(512), buildTar(files('a.xml'))]);
    expect(await readAll(bytesResource(bytes), { regex: 'xml$' })).toEqual([['a.xml', 2, 'content of a.xml']]);
  });

  it('says that something lies behind the end, and loses nothing before it', async () => {
    const context = testContext();
    const trailing = Buffer.concat([buildTar(files('a', 'b')), Buffer.from('trailing garbage '.repeat(100))]);
    expect(namesOf(await readAll(bytesResource(trailing, [999]), {}, context))).toEqual(['a', 'b']);
    expect(context.warnings).toEqual([
      { code: 'W_TAR_TRAILING_DATA', message: expect.stringContaining('behind it, at byte 3072') as string },
    ]);
  });

  it('reads an archive behind another one, as concatenated packed tars are', async () => {
    const context = testContext();
    const [first, second] = [buildTar(files('a')), buildTar(files('b'))];
    const packed = Buffer.concat([gzipSync(first), gzipSync(second)]);
    expect(await readAll(bytesResource(packed), {}, context)).toEqual([
      ['a', 0, 'content of a'],
      ['b', 1, 'content of b'],
    ]);
    expect(context.warnings.map(({ code }) => code)).toEqual(['W_TAR_CONCATENATED']);
  });

  it('sums old checksums of signed bytes', async () => {
    const block = Buffer.from(buildTarPart({ name: 'é', content: '' }));
    const signed = [...block.subarray(0, 148), ...Buffer.from(' '.repeat(8)), ...block.subarray(156, 512)]
      .map((byte) => (byte > 127 ? byte - 256 : byte))
      .reduce((total, byte) => total + byte, 0);
    block.write(`${signed.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(namesOf(await readAll(bytesResource(Buffer.concat([block, Buffer.alloc(1024)]))))).toEqual(['é']);
  });
});

describe('large members of tar', () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 'large ');
  const parts: TarPart[] = [
    { name: 'a', content: 'a' },
    { name: 'large', content: large },
    { name: 'z', content: 'z' },
  ];
  const plain = buildTar(parts);

  it.each([
    ['a stream', () => bytesResource(plain, [70_001])],
    ['a packed stream', () => bytesResource(gzipSync(plain), [70_001])],
    ['a file', () => written(plain)],
  ])('of %s are streamed, again from their start, and left in the middle', async (_, open) => {
    const seen: string[] = [];
    for await (const { resource } of singly(asContainer(tar).read(open(), tar.args.parse({}), testContext()))) {
      seen.push(resource.name);
      if (resource.name !== 'large') continue;
      for await (const chunk of resource.stream()) {
        expect(chunk.length).toBeLessThan(1024 * 1024 + 1);
        break;
      }
      expect((await contentOf(resource)).equals(large)).toBe(true);
      expect((await contentOf(resource)).equals(large)).toBe(true);
    }
    expect(seen).toEqual(['a', 'large', 'z']);
  });

  it('are there once the tar has moved on', async () => {
    const members = await readMembers(tar, bytesResource(gzipSync(plain)));
    const contents = await Promise.all(members.map(({ resource }) => contentOf(resource)));
    expect(contents.map(({ length }) => length)).toEqual([1, large.length, 1]);
    expect(contents[1]?.equals(large)).toBe(true);
  });

  it('of a file are read by position when reading begins in the middle', async () => {
    const [[name, position] = [], last] = await readAll(written(plain), {}, testContext({ from: 1 }));
    expect([name, position, last?.[0]]).toEqual(['large', 1, 'z']);
  });

  it('of a file that is shorter now are refused', async () => {
    const input = written(plain);
    truncateSync(input.path ?? '', plain.length - 5000);
    expect((await errorOf(readAll(input, {}, testContext({ from: 1 })))).code).toBe('E_SOURCE_CHANGED');
  });
});

describe('the regex of tar', () => {
  it('selects by search; positions count all members', async () => {
    const input = bytesResource(buildTar(files('x/a.xml', 'x/b.json', 'x/c.xml')));
    expect(await readAll(input, { regex: '\\.xml$' })).toEqual([
      ['x/a.xml', 0, 'content of x/a.xml'],
      ['x/c.xml', 2, 'content of x/c.xml'],
    ]);
  });

  it('lists the members and the nearest one when nothing matches', async () => {
    const error = await errorOf(
      readAll(bytesResource(buildTar(files('a.json.gz', 'readme'))), { regex: '\\.jsn\\.gz$' }),
    );
    expect(error.code).toBe('E_ARCHIVE_NO_MATCH');
    expect(error.message).toContain('"a.json.gz", "readme"');
    expect(error.message).toContain('"^a\\\\.json\\\\.gz$"');
  });

  it('names a few of many members, with their number', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `${String(i)}.json`);
    const error = await errorOf(readAll(bytesResource(buildTar(files(...names))), { regex: 'xml' }));
    expect(error.message).toContain('(3000 in all)');
  });

  it('refuses what is no RE2, before anything is read', () => {
    expect(tar.args.safeParse({ regex: '(?<=a)b' }).error?.issues[0]).toMatchObject({ path: ['regex'] });
  });
});

describe('tar in the middle', () => {
  const names = Array.from({ length: 500 }, (_, i) => `${String(i)}.xml`);
  const plain = buildTar([{ name: 'g', globalPax: { comment: 'x' }, type: '5' }, ...files(...names)]);
  const split = (input: Resource, parts: number, regex = '.') =>
    asContainer(tar).split?.(input, tar.args.parse({ regex }), {
      parts,
      signal: new AbortController().signal,
      services: testServices(),
    });

  it('begins where it is told, plain or packed, and ends there', async () => {
    for (const input of [written(plain), written(gzipSync(plain)), bytesResource(plain, [5000])]) {
      const found = await readAll(input, {}, testContext({ from: 200, until: 203 }));
      expect(found).toEqual(names.slice(199, 202).map((name, i) => [name, 200 + i, `content of ${name}`]));
    }
  });

  it('cuts a plain file into parts of about the same size', async () => {
    const input = written(plain);
    const cuts = (await split(input, 4)) ?? [];
    expect(cuts[0]).toBe(0);
    expect(cuts.slice(1).map((position) => Math.round(position / 25))).toEqual([5, 10, 15]);
    const parts = await Promise.all(
      cuts.map((from, i) => readAll(input, {}, testContext({ from, until: cuts[i + 1] ?? Infinity }))),
    );
    expect(parts.flatMap(namesOf)).toEqual(names);
  });

  it('weighs only what is selected', async () => {
    const input = written(
      buildTar([{ name: 'readme', content: Buffer.alloc(200_000) }, ...files('1.xml', '2.xml', '3.xml', '4.xml')]),
    );
    expect(await split(input, 2, 'xml$')).toEqual([0, 3]);
    expect(await split(input, 99, 'xml$')).toEqual([0, 2, 3, 4]);
  });

  it('cannot cut what is packed or streamed', async () => {
    expect(await split(written(gzipSync(plain)), 4)).toEqual([0]);
    expect(await split(bytesResource(plain), 4)).toEqual([0]);
  });

  it('finds before anything is read that nothing matches', async () => {
    expect((await errorOf(split(written(plain), 4, 'json$') ?? Promise.resolve())).code).toBe('E_ARCHIVE_NO_MATCH');
  });

  it('stops in the middle of what it skips', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    let chunks = 0;
    const endless: Resource = {
      name: 'endless.tar',
      async *stream() {
        yield buildTarPart({ name: 'a', base256: true, claimed: { bytes: 9e9 } });
        for (;;) {
          chunks += 1;
          if (chunks === 100) stop.abort(reason);
          yield await Promise.resolve(Buffer.alloc(1024 * 1024));
        }
      },
    };
    await expect(readAll(endless, { regex: 'xml$' }, testContext({ signal: stop.signal }))).rejects.toBe(reason);
    expect(chunks).toBeLessThan(200);
  });
});

const orcid = sharedData('orcid', 'orcid_summaries_names_derived.tar.gz');

describe.skipIf(orcid === undefined)('the ORCID file', () => {
  it('gives its 20,058 records, packed and unpacked alike', async () => {
    let count = 0;
    let bytes = 0;
    for await (const { resource } of singly(
      asContainer(tar).read(fileOf(orcid ?? ''), tar.args.parse({ regex: '\\.xml$', mode: 'r|gz' }), testContext()),
    )) {
      const content = await contentOf(resource);
      count += 1;
      bytes += content.length;
      if (count % 5000 === 0) expect(String(content)).toContain(resource.name.slice(-23, -4));
    }
    expect(count).toBe(20_058);
    expect(bytes).toBeGreaterThan(20_000_000);
  });
});
