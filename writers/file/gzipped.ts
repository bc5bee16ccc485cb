/** Compresses what an encoder returns, as one gzip member without a time or a name: the same records give the same bytes. */
import { createGzip } from 'node:zlib';
import type { Encoder } from './encoder.ts';

/** How zlib cuts its input may change its output, so it always gets blocks of the same size. */
const BLOCK_BYTES = 256 * 1024;

export function gzipped(inner: Encoder): Encoder {
  const gzip = createGzip();
  const packed: Buffer[] = [];
  let failure: Error | undefined;
  gzip.on('data', (chunk: Buffer) => packed.push(chunk));
  gzip.on('error', (error) => {
    failure = error;
  });
  let rest: Buffer = Buffer.alloc(0);

  const feed = (block: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      gzip.write(block, (error) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
  const take = (): Buffer => {
    if (failure !== undefined) throw failure;
    return Buffer.concat(packed.splice(0));
  };
  const encode = async (bytes: Buffer): Promise<void> => {
    const all = Buffer.concat([rest, bytes]);
    let at = 0;
    for (; all.length - at >= BLOCK_BYTES; at += BLOCK_BYTES) await feed(all.subarray(at, at + BLOCK_BYTES));
    rest = Buffer.from(all.subarray(at));
  };

  return {
    async encode(documents) {
      await encode(await inner.encode(documents));
      return take();
    },
    async end() {
      await encode(await inner.end());
      await feed(rest);
      await new Promise<void>((resolve, reject) => {
        gzip.once('end', resolve);
        gzip.once('error', reject);
        gzip.end();
      });
      return take();
    },
    close() {
      inner.close();
      gzip.destroy();
    },
  };
}
