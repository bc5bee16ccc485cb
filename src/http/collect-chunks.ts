/**
 * The chunks of a stream that may break: all that arrived before it broke are handed out before the error is. The
 * iterator of a stream drops them with the error, as much as a whole buffer since Node 22.
 */
import type { Readable } from 'node:stream';

/** Held while the reader is busy; from there on the sender waits. */
const HELD_BYTES = 256 * 1024;

export interface ChunkCollector {
  /** Undefined at the end. Throws what the stream broke with. One call at a time. */
  next(): Promise<Buffer | undefined>;
}

/** Call it before anything arrives. */
export function collectChunks(stream: Readable): ChunkCollector {
  const held: Buffer[] = [];
  let bytes = 0;
  let end: { readonly error?: Error } | undefined;
  let wake = (): void => undefined;
  const finish = (how: { readonly error?: Error }): void => {
    end ??= how;
    wake();
  };
  stream.on('data', (chunk: Buffer) => {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes >= HELD_BYTES) stream.pause();
    wake();
  });
  stream.once('end', () => {
    finish({});
  });
  stream.on('error', (error: Error) => {
    finish({ error });
  });
  stream.once('close', () => {
    finish({ error: new Error('the stream was closed before its end') });
  });
  return {
    async next() {
      while (held.length === 0 && end === undefined) await new Promise<void>((resolve) => (wake = resolve));
      const chunk = held.shift();
      if (chunk === undefined && end?.error !== undefined) throw end.error;
      bytes -= chunk?.length ?? 0;
      if (bytes < HELD_BYTES && stream.isPaused()) stream.resume();
      return chunk;
    },
  };
}
