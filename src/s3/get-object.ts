/** Requests an object and returns the response. */
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { UnavailableError } from '../errors.ts';
import { StallError } from '../http/answer-errors.ts';
import { objectChanged, toS3Error } from './s3-errors.ts';

export interface ObjectRequest {
  readonly bucket: string;
  readonly key: string;
  /** For messages. */
  readonly address: string;
  /** The object is refused when it has another one. */
  readonly etag?: string;
  /** The first byte that is wanted. */
  readonly start?: number;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte. */
  readonly stall: number;
}

export interface ObjectAnswer {
  readonly output: GetObjectCommandOutput;
  readonly body: AsyncIterable<Buffer>;
  close(): void;
}

/** Throws what the SDK throws, or the reason of the signal. */
export async function getObject(client: S3Client, request: ObjectRequest): Promise<ObjectAnswer> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const { bucket, key, etag, start, signal } = request;
  try {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(etag === undefined ? {} : { IfMatch: etag }),
      ...(start === undefined ? {} : { Range: `bytes=${String(start)}-` }),
    });
    const output = await client.send(command, { abortSignal: signal });
    const body = output.Body as Readable;
    // Some servers ignore If-Match.
    if (etag !== undefined && output.ETag !== undefined && bare(output.ETag) !== bare(etag)) {
      body.destroy();
      throw objectChanged(request.address);
    }
    return { output, body: chunksOf(body, request), close: () => body.destroy() };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Lists of some servers give an ETag without its quotes. */
function bare(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '');
}

/** The clock of the stall only runs while we wait for the server. */
async function* chunksOf(body: Readable, request: ObjectRequest): AsyncGenerator<Buffer, void, undefined> {
  const { signal, address, stall } = request;
  const onAbort = (): void => {
    body.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const chunks = body.iterator({ destroyOnReturn: true }) as AsyncIterableIterator<Buffer>;
  try {
    for (;;) {
      const clock = setTimeout(() => body.destroy(new StallError('no byte in time')), stall);
      const next = await chunks.next().finally(() => {
        clearTimeout(clock);
      });
      signal.throwIfAborted();
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof UnavailableError ? error : toS3Error(error, address);
  } finally {
    signal.removeEventListener('abort', onAbort);
    body.destroy();
  }
}
