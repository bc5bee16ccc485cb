/**
 * The bytes of one zip member, proven as they stream: exactly the size that the directory declares, with its CRC-32.
 * Nothing beyond the declared size is ever unpacked, so that the limits on declared sizes hold for what comes out.
 */
import { clip, quote } from '../../clip.ts';
import type { FileHandle } from 'node:fs/promises';
import { Readable, pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw, type ZlibOptions } from 'node:zlib';
import { SourceError, messageOf } from '../../errors.ts';
import { READ_SIZE, readRange } from '../bytes/file-range.ts';
import { LOCAL_HEADER_BYTES, type ZipMember } from './directory.ts';

/** In another thread. */
const inflateAtOnce: (packed: Buffer, options: ZlibOptions) => Promise<Buffer> = promisify(inflateRaw);

const LOCAL_HEADER_SIGNATURE = 0x04034b50;
const DEFLATE = 8;

/** zlib's default of 16 KB makes inflating three times slower; above 512 KB nothing is gained. */
export const INFLATE_CHUNK = 512 * 1024;

/** A member of at most so many bytes is inflated in one call: for it a stream with its buffers costs four times as much. */
const AT_ONCE = 1024 * 1024;

/** Opens the archive for itself and closes it when the iteration ends, in whatever way; one that was lent stays open. */
export async function* readZipMember(
  open: () => Promise<FileHandle>,
  member: ZipMember,
  lent?: FileHandle,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = lent ?? (await open());
  try {
    const start = await dataStart(handle, member);
    const packed = readRange(handle, start, member.packedBytes);
    yield* proven(member, unpack(packed, member));
  } finally {
    if (lent === undefined) await handle.close();
  }
}

/** The local header repeats the name with lengths of its own; only it tells where the data begin. */
async function dataStart(handle: FileHandle, member: ZipMember): Promise<number> {
  const header = Buffer.alloc(LOCAL_HEADER_BYTES);
  const { bytesRead } = await handle.read(header, 0, header.length, member.headerOffset);
  return dataStartIn(header.subarray(0, bytesRead), member);
}

/** The same, of a header that was read: its fixed part. */
export function dataStartIn(header: Buffer, member: ZipMember): number {
  if (header.length < LOCAL_HEADER_BYTES || header.readUInt32LE(0) !== LOCAL_HEADER_SIGNATURE) {
    throw corrupt(member, `has no local header at byte ${String(member.headerOffset)}, where the directory places it`);
  }
  const method = header.readUInt16LE(8);
  if (method !== member.method) {
    throw corrupt(
      member,
      `has method ${String(method)} in its own header and ${String(member.method)} in the directory`,
    );
  }
  return member.headerOffset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function unpack(packed: AsyncIterable<Buffer>, member: ZipMember): AsyncIterable<Buffer> {
  if (member.method !== DEFLATE) return packed;
  return isSmallMember(member) ? inflatedAtOnce(packed, member) : inflated(packed, member);
}

export function isSmallMember({ bytes, packedBytes }: ZipMember): boolean {
  return Math.max(bytes, packedBytes) <= AT_ONCE;
}

async function* inflatedAtOnce(
  packed: AsyncIterable<Buffer>,
  member: ZipMember,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of packed) chunks.push(chunk);
  const whole = await inflateSmall(Buffer.concat(chunks), member);
  if (whole.length > 0) yield whole;
}

/** All bytes of a small member, proven. `packed` are its own bytes in the archive. */
export async function unpackSmall(packed: Buffer, member: ZipMember): Promise<Buffer> {
  const content = member.method === DEFLATE ? await inflateSmall(packed, member) : Buffer.from(packed);
  expectProven(member, content.length, crc32(content));
  return content;
}

async function inflateSmall(packed: Buffer, member: ZipMember): Promise<Buffer> {
  // A byte more than declared shows up as such; what goes beyond is never unpacked.
  const most = Math.max(member.bytes + 1, 64);
  try {
    return await inflateAtOnce(packed, { chunkSize: most, maxOutputLength: most });
  } catch (error) {
    if (isTooLong(error)) throw tooLong(member);
    throw corrupt(member, `cannot be inflated: ${messageOf(error)}`, error);
  }
}

function isTooLong(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

async function* inflated(packed: AsyncIterable<Buffer>, member: ZipMember): AsyncGenerator<Buffer, void, undefined> {
  const source = Readable.from(packed, { objectMode: false, highWaterMark: READ_SIZE });
  const inflate = createInflateRaw({ chunkSize: INFLATE_CHUNK });
  pipeline(source, inflate, () => undefined);
  try {
    for await (const chunk of inflate) yield chunk as Buffer;
  } catch (error) {
    throw corrupt(member, `cannot be inflated: ${messageOf(error)}`, error);
  } finally {
    source.destroy();
    inflate.destroy();
  }
}

async function* proven(member: ZipMember, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let bytes = 0;
  let checksum = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > member.bytes) throw tooLong(member);
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  expectProven(member, bytes, checksum);
}

function expectProven(member: ZipMember, bytes: number, checksum: number): void {
  if (bytes > member.bytes) throw tooLong(member);
  if (bytes !== member.bytes) {
    throw corrupt(member, `holds ${String(bytes)} bytes where the directory declares ${String(member.bytes)}`);
  }
  if (checksum !== member.crc32) {
    throw corrupt(member, `has the checksum ${hex(checksum)} where the directory declares ${hex(member.crc32)}`);
  }
}

function tooLong(member: ZipMember): SourceError {
  return corrupt(member, `holds more than the ${String(member.bytes)} bytes that the directory declares`);
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}

function corrupt(member: ZipMember, fault: string, cause?: unknown): SourceError {
  return new SourceError(
    'E_ZIP_CORRUPT',
    `The zip member ${quote(member.name)} ${fault}. The archive is damaged: download it again, or report it to the source.`,
    { cause, details: { resource: clip(member.name, 200), declaredBytes: member.bytes } },
  );
}
