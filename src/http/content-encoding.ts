/**
 * Decodes a response with a Content-Encoding. Downloads request plain bytes, but some servers, and objects that were
 * stored compressed, send encoded bytes anyway.
 */
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, gunzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SourceError, UnavailableError, VocabSyncError, messageOf } from '../errors.ts';
import { redactUrl } from './url-policy.ts';

export interface FileContent {
  readonly body: AsyncIterable<Buffer>;
  /** The removed encoding; undefined if the bytes are those of the response. */
  readonly encoding: string | undefined;
  /** The number of bytes of an encoded response that were read so far. */
  encodedBytes(): number;
}

interface Answer {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Buffer>;
}

/** Enough bytes to recognise the compressed content. */
const PEEKED_BYTES = 1024;

/** In the order in which they were applied; empty = plain. */
export function encodingsOf(header: string | undefined): readonly string[] {
  const names = (header ?? '').split(',').map((name) => name.trim().toLowerCase().replace(/^x-/, ''));
  return names.filter((name) => name !== '' && name !== 'identity');
}

/**
 * Checks the first bytes, because servers declare gzip for two things: a file that they compressed for the transfer,
 * and a `.gz` file sent unchanged. Throws SourceError E_SOURCE_UNEXPECTED for an unknown encoding.
 */
export async function openContent(answer: Answer): Promise<FileContent> {
  const encodings = encodingsOf(answer.headers['content-encoding']);
  if (encodings.length === 0) return { body: answer.body, encoding: undefined, encodedBytes: () => 0 };
  let bytes = 0;
  const { start, rest } = await peek(answer.body, PEEKED_BYTES);
  const counted = count(rest, (length) => (bytes += length));
  const plain: FileContent = { body: counted, encoding: undefined, encodedBytes: () => bytes };
  if (encodings.at(-1) === 'gzip' && isFileItself(start, answer.url)) return plain;
  const encoding = encodings.join(', ');
  const decoders = encodings.toReversed().map((name, i) => createDecoder(name, i === 0 ? start : undefined, answer));
  return { body: decode(counted, decoders, answer, encoding), encoding, encodedBytes: () => bytes };
}

/** Bytes that are not packed at all, or a `.gz` file whose own packing is the one that is declared. */
function isFileItself(start: Buffer, url: string): boolean {
  if (start.length > 0 && !isGzip(start)) return true;
  return /\.t?gz$/i.test(new URL(url).pathname) && !isGzip(firstUnpacked(start));
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function firstUnpacked(start: Buffer): Buffer {
  try {
    return gunzipSync(start, { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: 4 * 1024 * 1024 });
  } catch {
    // Invalid as gzip, or compressed implausibly well: the bytes are kept unchanged, and the reader reports the
    // problem.
    return Buffer.alloc(0);
  }
}

function createDecoder(name: string, start: Buffer | undefined, answer: Answer): Transform {
  if (name === 'gzip') return createGunzip();
  if (name === 'br') return createBrotliDecompress();
  if (name === 'deflate') return start === undefined || hasZlibHeader(start) ? createInflate() : createInflateRaw();
  if (name === 'zstd') {
    // Node has it since 22.15.
    const { createZstdDecompress } = zlib as unknown as { createZstdDecompress?: () => Transform };
    if (createZstdDecompress !== undefined) return createZstdDecompress();
  }
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${redactUrl(answer.url)} answered with the encoding "${name.slice(0, 40)}" although the plain bytes were asked for; expected none, gzip, deflate, br, or zstd on Node 22.15 or later. Report it to the source.`,
  );
}

/** RFC 9110 means zlib by "deflate"; some servers send the bare stream. */
function hasZlibHeader(start: Buffer): boolean {
  const [first = 0, second = 0] = start;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

async function* decode(
  body: AsyncIterable<Buffer>,
  decoders: readonly Transform[],
  { url }: Answer,
  encoding: string,
): AsyncGenerator<Buffer, void, undefined> {
  const last = decoders.at(-1);
  if (last === undefined) return;
  const flow = pipeline([Readable.from(body), ...decoders] as unknown as [Readable, Transform]);
  // Its error is the one that reading throws.
  flow.catch(() => undefined);
  try {
    for await (const chunk of last) yield chunk as Buffer;
    await flow;
  } catch (error) {
    if (error instanceof VocabSyncError || !isOfZlib(error)) throw error;
    throw toContentError(error, redactUrl(url), encoding);
  } finally {
    for (const decoder of decoders) decoder.destroy();
  }
}

function isOfZlib(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(Z_|ERR_|ZSTD_)/.test(error.code)
  );
}

function toContentError(error: Error & { readonly code: string }, where: string, encoding: string): VocabSyncError {
  if (error.code === 'Z_BUF_ERROR' || /unexpected end/i.test(error.message)) {
    const message = `${where} ended in the middle of its ${encoding}. It is tried again.`;
    return new UnavailableError('E_SOURCE_UNAVAILABLE', message, { cause: error });
  }
  return new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${where} declares the encoding ${encoding}, but its bytes cannot be decoded (${messageOf(error)}). Report it to the source.`,
    { cause: error },
  );
}

async function peek(
  body: AsyncIterable<Buffer>,
  wanted: number,
): Promise<{ readonly start: Buffer; readonly rest: AsyncIterable<Buffer> }> {
  const iterator = body[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  let isEnded = false;
  while (start.length < wanted && !isEnded) {
    const next = await iterator.next();
    if (next.done === true) isEnded = true;
    else start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return { start, rest: restOf(iterator, start, isEnded) };
}

async function* restOf(
  iterator: AsyncIterator<Buffer>,
  start: Buffer,
  isEnded: boolean,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    if (start.length > 0) yield start;
    while (!isEnded) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function* count(
  body: AsyncIterable<Buffer>,
  add: (bytes: number) => void,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of body) {
    add(chunk.length);
    yield chunk;
  }
}
