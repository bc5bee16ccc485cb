/** Damaged tars, plain and packed: in their bytes, in what their headers say with right checksums, and in what they hold. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { jsonl } from '../../readers/jsonl.ts';
import { tar } from '../../readers/tar.ts';
import { buildTarPart, END_MARK, extension, paxOf, type TarPart } from '../support/build-tar.ts';
import { formatFixtures } from '../support/format-fixtures.ts';
import type { Random } from './create-random.ts';
import { fuzzChain, type FuzzCounts } from './fuzz-chain.ts';
import { mutateBytes, type Mutation } from './mutate-bytes.ts';

const PIECES = [
  'ustar\x0000',
  'ustar  \0',
  '\0\0\0\0',
  '00000000000\0',
  '77777777777\0',
  '\x80\0\0\0',
  '\xff\xff',
  '../',
];

/** Without the bomb, which takes its time and only ever gives one answer. */
const tarMutation: Mutation = {
  seeds: (['ok', 'bad'] as const)
    .flatMap((kind) => formatFixtures('tar', kind))
    .filter(({ name }) => !name.includes('bomb'))
    .map(({ path }) => readFileSync(path)),
  pieces: [...PIECES.map((piece) => Buffer.from(piece, 'latin1')), Buffer.alloc(512), Buffer.alloc(512, 0x41)],
};

export function fuzzTar(count: number, seed: number): Promise<FuzzCounts> {
  const links = [{ reader: tar, args: { max_entry_bytes: 4 * 1024 * 1024 } }, { reader: jsonl }];
  return fuzzChain({ links, makeInput: makeTar }, count, seed);
}

export function makeTar(random: Random): Buffer {
  if (random(3) === 0) return mutateBytes(tarMutation, random);
  const plain = Buffer.concat([...Array.from({ length: random(5) }, () => lyingMember(random)), endOf(random)]);
  const bytes = random(4) === 0 ? plain.subarray(0, random(plain.length + 1)) : plain;
  if (random(3) > 0) return bytes;
  const cut = random(bytes.length + 1);
  const members = random(3) === 0 ? [bytes.subarray(0, cut), bytes.subarray(cut)] : [bytes];
  return Buffer.concat(members.map((member) => gzipSync(member, { level: random(10) })));
}

function lyingMember(random: Random): Buffer {
  const one = <T>(...choices: readonly [T, ...T[]]): T => choices[random(choices.length)] ?? choices[0];
  const lines = Array.from({ length: random(4) }, (_, i) => `{"i":${String(i)},"text":"${'x'.repeat(random(300))}"}\n`);
  const content = random(5) === 0 ? mutateBytes(tarMutation, random).subarray(0, 2000) : lines.join('');
  const rare = <T extends object>(chance: number, make: () => T): T | object => (random(chance) === 0 ? make() : {});
  const part: TarPart = {
    name: one('a.json', 'b/c.json', 'd', `${'e/'.repeat(49)}f`, 'g.json', 'dir/', './h'),
    content,
    form: one('posix', 'posix', 'gnu', 'v7'),
    ...rare(20, () => ({ name: one('../up', '/root', '', 'back\\slash', 'C:/x') })),
    ...rare(6, () => ({ type: one('0', '\0', '1', '2', '5', '7', 'S', 'Z', 'V', 'M', 'D', 'L', 'K', 'x', 'g') })),
    ...rare(8, () => ({ prefix: one('p', 'p/q', '..') })),
    ...rare(6, () => ({ pax: paxRecords(random) })),
    ...rare(8, () => ({ globalPax: paxRecords(random) })),
    ...rare(8, () => ({ longName: true, name: 'long/'.repeat(30 + random(30)) + String(random(10)) })),
    ...rare(8, () => ({ base256: true })),
    ...rare(10, () => ({
      claimed: { bytes: one(0, 1, 511, 512, 513, 2 ** 20, 2 ** 32, 9e9, 2 ** 52) },
      base256: true,
    })),
    ...rare(30, () => ({ claimed: { size: one('12345678\0', 'zz\0', '           \0', '\xff'.repeat(12)) } })),
    ...rare(40, () => ({ claimed: { checksum: '0012345\0' } })),
  };
  const before =
    random(25) === 0 ? extension(one('x', 'g', 'L'), Buffer.alloc(random(900), random(256))) : Buffer.alloc(0);
  return Buffer.concat([before, buildTarPart(part)]);
}

function paxRecords(random: Random): Record<string, string> {
  const records: Record<string, string> = {};
  if (random(2) === 0) records['path'] = ['pax.json', 'ä/ö', '../out', ''][random(4)] ?? '';
  if (random(4) === 0) records['size'] = ['0', '10', '99999999999', 'x', '-1', ''][random(6)] ?? '';
  if (random(8) === 0) records['GNU.sparse.major'] = '1';
  if (random(2) === 0) records['mtime'] = '1.5';
  return records;
}

function endOf(random: Random): Buffer {
  const ends = [END_MARK, END_MARK, END_MARK, Buffer.alloc(512), Buffer.alloc(0), Buffer.alloc(10_240)];
  const end = ends[random(ends.length)] ?? END_MARK;
  const behind = [Buffer.alloc(0), Buffer.alloc(0), Buffer.from('garbage'), extension('x', paxOf({ path: 'a' }))];
  return random(5) === 0 ? Buffer.concat([end, behind[random(behind.length)] ?? end]) : end;
}
