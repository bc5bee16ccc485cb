/**
 * A sliding view over a stream of bytes. It holds what has arrived and was not yet consumed, so the memory it takes is
 * what its reader leaves unconsumed plus one chunk. How the stream is cut into chunks never shows.
 */

export interface ByteWindow {
  /** The unconsumed bytes. Valid until the next `advance` or `more`. */
  readonly view: Buffer;
  /** The place of `view[0]` in the stream. */
  readonly offset: number;
  /** Consumes the first bytes of the view. */
  advance(count: number): void;
  /** Appends the next chunk to the view; false at the end of the stream. */
  more(): Promise<boolean>;
  /** Lets the stream go, also in the middle. */
  close(): Promise<void>;
}

const FIRST_CAPACITY = 1024 * 1024;

export function createByteWindow(source: AsyncIterable<Buffer>): ByteWindow {
  const chunks = source[Symbol.asyncIterator]();
  let storage: Buffer = Buffer.alloc(0);
  let start = 0;
  let end = 0;
  let offset = 0;
  let view: Buffer = storage;
  let finished = false;

  function append(chunk: Buffer): void {
    if (start === end && chunk.length >= FIRST_CAPACITY / 8) {
      storage = chunk;
      start = 0;
      end = chunk.length;
      return;
    }
    const unconsumed = end - start;
    const needed = unconsumed + chunk.length;
    const room = storage.length >= needed && ownsStorage ? storage : Buffer.allocUnsafeSlow(capacityFor(needed));
    storage.copy(room, 0, start, end);
    chunk.copy(room, unconsumed);
    storage = room;
    ownsStorage = true;
    start = 0;
    end = needed;
  }
  let ownsStorage = false;

  return {
    get view() {
      return view;
    },
    get offset() {
      return offset;
    },
    advance(count) {
      start += count;
      offset += count;
      view = storage.subarray(start, end);
    },
    async more() {
      while (!finished) {
        const next = await chunks.next();
        if (next.done === true) {
          finished = true;
          break;
        }
        if (next.value.length === 0) continue;
        const borrowed = start === end && next.value.length >= FIRST_CAPACITY / 8;
        append(next.value);
        if (borrowed) ownsStorage = false;
        view = storage.subarray(start, end);
        return true;
      }
      return false;
    },
    async close() {
      finished = true;
      await chunks.return?.();
    },
  };
}

function capacityFor(needed: number): number {
  let capacity = FIRST_CAPACITY;
  while (capacity < needed) capacity *= 2;
  return capacity;
}
