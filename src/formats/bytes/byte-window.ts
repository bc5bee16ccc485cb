/**
 * A sliding view over a stream of bytes. It holds what has arrived and was not yet consumed, so the memory it takes is
 * what its reader leaves unconsumed plus one chunk. How the stream is cut into chunks never shows.
 */

const FIRST_CAPACITY = 1024 * 1024;

export class ByteWindow {
  readonly #chunks: AsyncIterator<Buffer>;
  /** Ours to write into; undefined while the view is a chunk as it came. */
  #storage: Buffer | undefined;
  #view: Buffer = Buffer.alloc(0);
  /** The rest of a chunk whose beginning is in the view. */
  #rest: Buffer | undefined;
  #offset = 0;
  #isFinished = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** The unconsumed bytes. Valid until the next `advance` or `more`. */
  get view(): Buffer {
    return this.#view;
  }

  /** The place of `view[0]` in the stream. */
  get offset(): number {
    return this.#offset;
  }

  /** Consumes the first bytes of the view. */
  advance(count: number): void {
    this.#offset += count;
    this.#view = this.#view.subarray(count);
  }

  /** Whether the bytes of the view stay as they are, also when it moves on: nothing is appended in its place. */
  get isLasting(): boolean {
    return this.#storage === undefined;
  }

  /** Appends the next chunk to the view; false at the end of the stream. */
  async more(): Promise<boolean> {
    const chunk = await this.#nextChunk();
    if (chunk !== undefined) this.#append(chunk);
    return chunk !== undefined;
  }

  /**
   * Extends the view to `count` bytes; returns false if there are fewer. If the view already has some bytes, it takes
   * only the missing ones from the next chunk, so that the rest need not be copied.
   */
  async fill(count: number): Promise<boolean> {
    while (this.#view.length < count) {
      const chunk = await this.#nextChunk();
      if (chunk === undefined) return false;
      const missing = count - this.#view.length;
      if (this.#view.length === 0 || chunk.length <= missing) {
        this.#append(chunk);
      } else {
        this.#storage = undefined;
        this.#view = Buffer.concat([this.#view, chunk.subarray(0, missing)], count);
        this.#rest = chunk.subarray(missing);
      }
    }
    return true;
  }

  /** Lets the stream go, also in the middle. */
  async close(): Promise<void> {
    this.#isFinished = true;
    await this.#chunks.return?.();
  }

  async #nextChunk(): Promise<Buffer | undefined> {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) return rest;
    while (!this.#isFinished) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#isFinished = true;
      else if (next.value.length > 0) return next.value;
    }
    return undefined;
  }

  #append(chunk: Buffer): void {
    const unconsumed = this.#view;
    const length = unconsumed.length + chunk.length;
    if (unconsumed.length === 0) {
      this.#storage = undefined;
      this.#view = chunk;
      return;
    }
    const isRoomy = this.#storage !== undefined && this.#storage.length >= length;
    const storage =
      isRoomy && this.#storage !== undefined ? this.#storage : Buffer.allocUnsafeSlow(capacityFor(length));
    unconsumed.copy(storage, 0);
    chunk.copy(storage, unconsumed.length);
    this.#storage = storage;
    this.#view = storage.subarray(0, length);
  }
}

function capacityFor(length: number): number {
  let capacity = FIRST_CAPACITY;
  while (capacity < length) capacity *= 2;
  return capacity;
}
