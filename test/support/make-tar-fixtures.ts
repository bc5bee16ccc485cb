/**
 * Writes test/fixtures/tar: `npx vite-node test/support/make-tar-fixtures.ts`. The files are committed; a bad one is
 * named by the code of the error that it must give, then by what is wrong with it. Each good one holds `records.json`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { buildTar, buildTarPart, END_MARK, extension, type TarPart } from './build-tar.ts';
import { fixtureRecords } from './format-fixtures.ts';

const content = JSON.stringify(fixtureRecords, null, 4);
const good: TarPart = { name: 'records.json', content };
const goodTar = buildTar([good]);
const goodGzip = gzipSync(goodTar);
const html =
  '<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head><body>Try later</body></html>\n';
const withoutLetter = Buffer.from(goodTar);
withoutLetter[3] = 0x58;

const files: Record<string, string | Buffer> = {
  'ok/posix.tar': goodTar,
  'ok/gnu.tar': buildTar([{ ...good, form: 'gnu' }]),
  'ok/v7.tar': buildTar([{ ...good, form: 'v7' }]),
  'ok/base-256.tar': buildTar([{ ...good, form: 'gnu', base256: true }]),
  'ok/pax.tar': buildTar([{ ...good, name: 'short', pax: { path: good.name, mtime: '1700000000.5' } }]),
  'ok/pax-size.tar': buildTar([
    { ...good, claimed: { bytes: 0 }, pax: { size: String(Buffer.byteLength(content)), comment: 'ä' } },
  ]),
  'ok/global-pax.tar': buildTar([{ ...good, globalPax: { comment: 'a commit' } }]),
  'ok/long-name.tar': buildTar([{ ...good, form: 'gnu', longName: true }]),
  'ok/packed.tar.gz': goodGzip,
  'ok/packed-in-members.tgz': Buffer.concat([goodTar.subarray(0, 700), goodTar.subarray(700)].map((p) => gzipSync(p))),
  'ok/blocked.tar': Buffer.concat([goodTar, Buffer.alloc(8192)]),
  'ok/one-zero-block.tar': goodTar.subarray(0, -512),
  'bad/E_TAR_CORRUPT.html-page.tar': html,
  'bad/E_TAR_CORRUPT.empty.tar': '',
  'bad/E_TAR_CORRUPT.json.tar': content,
  'bad/E_TAR_CORRUPT.bzip2.tar': Buffer.from('BZh91AY&SY'.padEnd(600, 'x')),
  'bad/E_TAR_CORRUPT.json-in-gzip.tar.gz': gzipSync(content),
  'bad/E_TAR_CORRUPT.wrong-checksum.tar': Buffer.concat([buildTarPart(good), withoutLetter]),
  'bad/E_TAR_CORRUPT.size-is-text.tar': buildTar([good, { ...good, claimed: { size: 'a few bytes\0' } }]),
  'bad/E_TAR_CORRUPT.size-is-negative.tar': buildTar([
    good,
    { ...good, claimed: { size: '\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' } },
  ]),
  'bad/E_TAR_CORRUPT.pax-length.tar': Buffer.concat([extension('x', Buffer.from('99 path=a\n')), goodTar]),
  'bad/E_TAR_CORRUPT.extension-at-the-end.tar': Buffer.concat([
    buildTarPart(good),
    extension('x', Buffer.from('10 path=a\n')),
    END_MARK,
  ]),
  'bad/E_TAR_CORRUPT.extension-of-a-gigabyte.tar': buildTar([
    { name: 'x', type: 'x', claimed: { bytes: 2 ** 30 } },
    good,
  ]),
  'bad/E_TAR_TRUNCATED.in-a-header.tar': Buffer.concat([buildTarPart(good), goodTar.subarray(0, 300)]),
  'bad/E_TAR_TRUNCATED.in-a-member.tar': goodTar.subarray(0, 600),
  'bad/E_TAR_TRUNCATED.in-a-member.tar.gz': gzipSync(goodTar.subarray(0, 600)),
  'bad/E_TAR_TRUNCATED.between-members.tar': Buffer.concat([buildTarPart(good), buildTarPart(good)]),
  'bad/E_TAR_TRUNCATED.declares-9-gigabytes.tar': buildTar([good, { ...good, base256: true, claimed: { bytes: 9e9 } }]),
  'bad/E_TAR_TRUNCATED.declares-9-gigabytes.tar.gz': gzipSync(
    buildTar([good, { ...good, base256: true, claimed: { bytes: 9e9 } }]),
  ),
  'bad/E_TAR_UNSUPPORTED.sparse.tar': buildTar([good, { ...good, form: 'gnu', type: 'S' }]),
  'bad/E_TAR_UNSUPPORTED.pax-sparse.tar': buildTar([
    { ...good, pax: { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'a' } },
  ]),
  'bad/E_ARCHIVE_ENTRY_NAME.parent.tar': buildTar([good, { ...good, name: 'a/../../etc/cron.d/x' }]),
  'bad/E_ARCHIVE_ENTRY_NAME.absolute.tar': buildTar([{ ...good, name: '/etc/passwd' }]),
  'bad/E_ARCHIVE_ENTRY_NAME.parent-in-pax.tar': buildTar([{ ...good, pax: { path: '../x.json' } }]),
  'bad/E_ARCHIVE_SIZE.declares-a-petabyte.tar.gz': gzipSync(
    buildTar([good, { ...good, base256: true, claimed: { bytes: 1e15 } }]),
  ),
  'bad/E_ARCHIVE_RATIO.bomb.tar.gz': gzipSync(
    buildTar([{ name: 'bomb.json', content: '1'.repeat(17 * 1024 * 1024) }]),
    {
      level: 9,
    },
  ),
  'bad/E_GZIP_CORRUPT.truncated.tar.gz': goodGzip.subarray(0, -20),
  'bad/E_GZIP_CORRUPT.wrong-checksum.tar.gz': Buffer.concat([goodGzip.subarray(0, -8), Buffer.alloc(8, 1)]),
  'bad/E_GZIP_CORRUPT.trailing-text.tar.gz': Buffer.concat([goodGzip, Buffer.from('trailing')]),
};

const directory = fileURLToPath(new URL('../fixtures/tar/', import.meta.url));
for (const [name, bytes] of Object.entries(files)) {
  mkdirSync(dirname(directory + name), { recursive: true });
  writeFileSync(directory + name, bytes);
}
