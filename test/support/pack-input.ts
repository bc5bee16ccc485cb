/** The files of a job folder's `input/` as the source of the job would have delivered them: packed, member by member. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildZip } from './build-zip.ts';

export interface PackedFile {
  readonly name: string;
  readonly content: Buffer;
}

/** In order of their paths, which are their names. */
export function readInputFiles(directory: string): readonly PackedFile[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ name: relative(directory, path).replaceAll('\\', '/'), content: readFileSync(path) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** `containers` are the types of the readers between source and parser, outermost first. */
export function packInput(files: readonly PackedFile[], containers: readonly string[]): readonly PackedFile[] {
  return containers.reduceRight((inner, type) => packOnce(inner, type), files);
}

function packOnce(files: readonly PackedFile[], type: string): readonly PackedFile[] {
  switch (type) {
    case 'gzip':
      return files.map(({ name, content }) => ({ name: `${name}.gz`, content: gzipSync(content) }));
    case 'zip':
      return [{ name: 'input.zip', content: buildZip(files) }];
    case 'tar':
      return [{ name: 'input.tar', content: buildTar(files) }];
    default:
      throw new Error(`test/support/pack-input.ts cannot pack for the reader "${type}"; add it there`);
  }
}

const BLOCK = 512;

/** Plain ustar: names of at most 100 bytes, no links. */
function buildTar(files: readonly PackedFile[]): Buffer {
  const members = files.flatMap(({ name, content }) => [
    tarHeader(name, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...members, Buffer.alloc(2 * BLOCK)]);
}

function tarHeader(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`a name of at most 100 bytes is needed, not ${name}`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(1_767_225_600, 12), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
