/**
 * Reads a zip for yauzl at the positions that its records name. A position outside of the file is an error of the archive:
 * Node would throw for some of them where nobody can catch it, and the process would end.
 */
import { Readable } from 'node:stream';
import type { FileHandle } from 'node:fs/promises';
import yauzl from 'yauzl';

export class ZipReader extends yauzl.RandomAccessReader {
  readonly #handle: FileHandle;
  readonly #size: number;

  constructor(handle: FileHandle, size: number) {
    super();
    this.#handle = handle;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (position < 0 || position + length > this.#size) {
      callback(new Error(`it refers to byte ${String(position)}, outside of its ${String(this.#size)} bytes`));
      return;
    }
    this.#handle.read(buffer, offset, length, position).then(
      ({ bytesRead }) => {
        callback(null, bytesRead);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  /** Members are read without yauzl. */
  override _readStreamForRange(): Readable {
    return Readable.from([]);
  }
}
