/**
 * Decompresses a gzip stream: all its members in sequence (RFC 1952, 2.2), then at most zero padding. zlib checks the
 * CRC and the length of each member. It silently ignores an empty stream and anything after the padding. Both are
 * refused here, because data that is not read means a truncated source.
 */
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { LimitError, SourceError, messageOf } from '../../errors.ts';
import { checkUnpacked, type UnpackLimits } from '../archive/limits.ts';
import { READ_SIZE } from '../bytes/file-range.ts';
import { describeContent, firstBytes, sniffContent } from '../bytes/sniff-content.ts';
import { startingWith, peekStart } from '../bytes/peek-start.ts';
import { INFLATE_CHUNK } from '../zip/member.ts';

/** What went into the decompressor. */
interface Feed {
  start: Buffer;
  bytes: number;
  /** The position after the last byte that is not zero. */
  dataEnd: number;
  failure: { readonly error: unknown } | undefined;
}

export function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** Enough to see a tar. */
const PEEKED_BYTES = 512;

/**
 * Like `gunzip`, but passes a text or a tar unchanged and calls `onPlain`: browsers, proxies and HTTP clients
 * decompress a `.gz` during download and keep its name. An HTML page and everything else is refused.
 */
export async function* gunzipUnlessPlain(
  source: AsyncIterable<Buffer>,
  name: string,
  limits: UnpackLimits,
  onPlain: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks = source[Symbol.asyncIterator]();
  const start = await peekStart(chunks, PEEKED_BYTES);
  const whole = startingWith(start, chunks);
  if (isGzip(start) || !isTextOrTar(start)) {
    yield* gunzip(whole, name, limits);
    return;
  }
  onPlain();
  let bytes = 0;
  for await (const chunk of whole) {
    bytes += chunk.length;
    checkUnpacked(name, bytes, bytes, limits);
    yield chunk;
  }
}

const CONTROL = /[\u0000-\u0008\u000e-\u001f]/;

function isTextOrTar(start: Buffer): boolean {
  const found = sniffContent(start);
  if (found === undefined) return !CONTROL.test(start.toString('latin1'));
  return ['json', 'markup', 'utf16', 'tar'].includes(found);
}

export async function* gunzip(
  source: AsyncIterable<Buffer>,
  name: string,
  limits: UnpackLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const feed: Feed = { start: Buffer.alloc(0), bytes: 0, dataEnd: 0, failure: undefined };
  const chunks = source[Symbol.asyncIterator]();
  const packed = Readable.from(watched(chunks, feed), { objectMode: false, highWaterMark: READ_SIZE });
  const unpacker = createGunzip({ chunkSize: INFLATE_CHUNK });
  pipeline(packed, unpacker, () => undefined);
  let unpacked = 0;
  try {
    for await (const chunk of unpacker) {
      unpacked += (chunk as Buffer).length;
      checkUnpacked(name, unpacked, feed.bytes, limits);
      yield chunk as Buffer;
    }
    await expectPadding(chunks, feed, unpacker.bytesWritten, name);
  } catch (error) {
    if (feed.failure !== undefined) throw feed.failure.error;
    throw error instanceof LimitError || error instanceof SourceError
      ? error
      : notUnpacked(name, feed, unpacked, error);
  } finally {
    packed.destroy();
    unpacker.destroy();
    await chunks.return?.();
  }
}

/** Leaves the iterator open at its end: what the decompressor does not want is still to be looked at. */
async function* watched(chunks: AsyncIterator<Buffer>, feed: Feed): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    const chunk = await nextChunk(chunks, feed);
    if (chunk === undefined) return;
    yield chunk;
  }
}

async function nextChunk(chunks: AsyncIterator<Buffer>, feed: Feed): Promise<Buffer | undefined> {
  try {
    const next = await chunks.next();
    if (next.done === true) return undefined;
    note(feed, next.value);
    return next.value;
  } catch (error) {
    feed.failure = { error };
    throw error;
  }
}

function note(feed: Feed, chunk: Buffer): void {
  if (feed.start.length < 512) feed.start = Buffer.concat([feed.start, chunk.subarray(0, 512)]);
  let end = chunk.length;
  while (end > 0 && chunk[end - 1] === 0) end--;
  if (end > 0) feed.dataEnd = feed.bytes + end;
  feed.bytes += chunk.length;
}

async function expectPadding(chunks: AsyncIterator<Buffer>, feed: Feed, consumed: number, name: string): Promise<void> {
  while ((await nextChunk(chunks, feed)) !== undefined);
  if (feed.bytes === 0) throw corrupt(name, 'it is empty');
  if (feed.dataEnd > consumed) {
    throw corrupt(name, `behind its last member, at byte ${String(consumed)}, something follows that is not gzip`);
  }
}

function notUnpacked(name: string, feed: Feed, unpacked: number, cause: unknown): SourceError {
  if (!isGzip(feed.start)) {
    const found = describeContent(feed.start) ?? 'something else';
    return corrupt(name, `it is ${found} and begins with ${firstBytes(feed.start)}`, cause);
  }
  const reason = messageOf(cause);
  const fault = reason.includes('unexpected end') ? 'it is truncated' : reason;
  return corrupt(name, `after byte ${String(unpacked)} of its content: ${fault}`, cause, { byte: unpacked });
}

function corrupt(name: string, fault: string, cause?: unknown, details: Record<string, unknown> = {}): SourceError {
  return new SourceError(
    'E_GZIP_CORRUPT',
    `${name} should be gzip from its first to its last byte, but ${fault}. Download it again, or report it to the source.`,
    { cause, details: { resource: name, ...details } },
  );
}
