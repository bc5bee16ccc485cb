/** Damaged zip and gzip files: in their bytes, in what their headers say, and in what they hold. */
import { gzipSync } from 'node:zlib';
import { gzip } from '../../readers/gzip.ts';
import { json } from '../../readers/json.ts';
import { zip } from '../../readers/zip.ts';
import { buildZip, type ZipPart } from '../support/build-zip.ts';
import type { Random } from './create-random.ts';
import { fixtureBytes } from './fixture-bytes.ts';
import { fuzzChain, type FuzzCounts } from './fuzz-chain.ts';
import { jsonMutation } from './fuzz-json.ts';
import { mutateBytes, pick, type Mutation } from './mutate-bytes.ts';

const small = { max_entry_bytes: 4 * 1024 * 1024 };
const zipMutation: Mutation = {
  seeds: fixtureBytes('zip'),
  pieces: [
    'PK\x03\x04',
    'PK\x01\x02',
    'PK\x05\x06',
    'PK\x06\x06',
    'PK\x06\x07',
    '\0\0\0\0',
    '\xff\xff\xff\xff',
    '\x08\0',
    '../',
    '/',
  ].map((piece) => Buffer.from(piece, 'latin1')),
};

export function fuzzZip(count: number, seed: number): Promise<FuzzCounts> {
  const links = [{ reader: zip, args: { ...small, regex: '.' } }, { reader: json }];
  const makeInput = (random: Random): Buffer => (random(3) > 0 ? lyingZip(random) : mutateBytes(zipMutation, random));
  // Each chunk is a write into the spool, where positions are read.
  return fuzzChain({ links, makeInput, cutSizes: (random) => [1 + random(4000)] }, count, seed);
}

function lyingZip(random: Random): Buffer {
  const names = ['a.json', 'b.json', '../c.json', '/d', 'e\\f', '', 'ü.json', 'a.json', 'x'.repeat(300), 'dir/'];
  const parts = Array.from({ length: 1 + random(3) }, (): ZipPart => {
    const lie = (): number => [0, 1, 7, 65_535, 2 ** 31, 2 ** 32 - 1][random(6)] ?? 0;
    const claimed: NonNullable<ZipPart['claimed']> = {
      ...(random(12) === 0 ? { bytes: lie() } : {}),
      ...(random(12) === 0 ? { packedBytes: lie() } : {}),
      ...(random(16) === 0 ? { crc32: lie() } : {}),
      ...(random(16) === 0 ? { method: random(100) } : {}),
      ...(random(16) === 0 ? { flags: random(65_536) } : {}),
      ...(random(16) === 0 ? { headerOffset: lie() } : {}),
    };
    const content = mutateBytes(jsonMutation, random);
    const name = random(4) === 0 ? (names[random(names.length)] ?? '') : `${String(random(1000))}.json`;
    return { name, content, method: random(3) === 0 ? 0 : 8, claimed };
  });
  return buildZip(parts, random(6) === 0 ? { zip64Count: random(2) === 0 ? parts.length : 2 ** 30 } : {});
}

const gzipMutation: Mutation = {
  seeds: fixtureBytes('gzip'),
  pieces: ['\x1f\x8b\x08\0', '\0\0\0\0', '\x1f\x8b', '\xff\xff', '\x03\0'].map((piece) => Buffer.from(piece, 'latin1')),
};

export function fuzzGzip(count: number, seed: number): Promise<FuzzCounts> {
  const links = [{ reader: gzip, args: small }, { reader: json }];
  return fuzzChain({ links, makeInput: makeGzip }, count, seed);
}

function makeGzip(random: Random): Buffer {
  if (random(2) === 0) return mutateBytes(gzipMutation, random);
  const content = mutateBytes(jsonMutation, random);
  const cut = random(content.length + 1);
  const members = random(3) === 0 ? [content.subarray(0, cut), content.subarray(cut)] : [content];
  const packed = members.map((member) => gzipSync(member, { level: random(10) }));
  const ends = [Buffer.alloc(0), Buffer.alloc(random(600)), Buffer.from('garbage'), pick(gzipMutation.seeds, random)];
  const end = random(4) === 0 ? pick(ends, random) : Buffer.alloc(0);
  return Buffer.concat([...packed, end]);
}
