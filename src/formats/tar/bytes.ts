/**
 * Provides the bytes of a tar to its scanner: a view that grows, and skips that cost nothing if the bytes are in a
 * file.
 */
import type { FileHandle } from 'node:fs/promises';
import { gunzip, isGzip } from '../gzip/gunzip.ts';
import { ByteWindow } from '../bytes/byte-window.ts';
import { readRange } from '../bytes/file-range.ts';
import { startingWith, peekStart } from '../bytes/peek-start.ts';

export interface TarBytes {
  /** The unconsumed bytes. Valid until the next call of anything here. */
  readonly view: Buffer;
  /** The place of `view[0]` in the tar. */
  readonly offset: number;
  /** The size of the tar, where it is known. */
  readonly total: number | undefined;
  /** Whether the bytes of the view stay as they are when it moves on. */
  readonly isLasting: boolean;
  /** Appends to the view; false at the end of the bytes. */
  more(): Promise<boolean>;
  /** Grows the view to so many bytes; false when there are fewer. */
  fill(count: number): Promise<boolean>;
  /** Consumes bytes of the view. */
  advance(count: number): void;
  /** Consumes the bytes up to a later position; returns false if the bytes end before it. */
  skipTo(offset: number): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens a stream that contains a tar, or gzip with a tar inside. The first bytes decide, regardless of the mode or the
 * name.
 */
export async function streamTar(
  source: AsyncIterable<Buffer>,
  name: string,
  options: { readonly total: number | undefined; readonly maxRatio: number },
): Promise<TarBytes> {
  const chunks = source[Symbol.asyncIterator]();
  const start = await peekStart(chunks, 2);
  const whole = startingWith(start, chunks);
  if (!isGzip(start)) return fromStream(whole, options.total, chunks);
  const limits = { maxEntryBytes: Number.MAX_SAFE_INTEGER, maxRatio: options.maxRatio };
  return fromStream(gunzip(whole, name, limits), undefined, chunks);
}

/** Opens a plain tar in a file at a position. Closes the handle. */
export function fileTar(handle: FileHandle, total: number, start: number): TarBytes {
  let base = start;
  let bytes = new ByteWindow(readRange(handle, start, total - start));
  return {
    get view() {
      return bytes.view;
    },
    get offset() {
      return base + bytes.offset;
    },
    total,
    get isLasting() {
      return bytes.isLasting;
    },
    more: () => bytes.more(),
    fill: (count) => bytes.fill(count),
    advance: (count) => {
      bytes.advance(count);
    },
    async skipTo(offset) {
      const count = offset - base - bytes.offset;
      if (count <= bytes.view.length) {
        bytes.advance(count);
      } else {
        await bytes.close();
        base = offset;
        bytes = new ByteWindow(readRange(handle, offset, total - offset));
      }
      return offset <= total;
    },
    close: () => handle.close(),
  };
}

function fromStream(source: AsyncIterable<Buffer>, total: number | undefined, begun: AsyncIterator<Buffer>): TarBytes {
  const bytes = new ByteWindow(source);
  return {
    get view() {
      return bytes.view;
    },
    get offset() {
      return bytes.offset;
    },
    total,
    get isLasting() {
      return bytes.isLasting;
    },
    more: () => bytes.more(),
    fill: (count) => bytes.fill(count),
    advance: (count) => {
      bytes.advance(count);
    },
    async skipTo(offset) {
      for (;;) {
        bytes.advance(Math.min(offset - bytes.offset, bytes.view.length));
        if (bytes.offset === offset) return true;
        if (!(await bytes.more())) return false;
      }
    },
    async close() {
      await bytes.close();
      // The decompressor only releases bytes that it began to read.
      await begun.return?.();
    },
  };
}
