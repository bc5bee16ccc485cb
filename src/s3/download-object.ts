/**
 * An object into the spool, by the same road as any download: what was received before a crash is not asked for again,
 * and nothing is there before it is whole. Every request names the ETag, so parts of two objects never meet.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Object, S3Place } from '../component/s3-service.ts';
import type { Download, DownloadRequest } from '../component/download.ts';
import type { Logger } from '../component/services.ts';
import { download } from '../http/download.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { AnswerRequest, OpenAnswer } from '../http/open-answer.ts';
import type { RetryPolicy } from '../http/retrying.ts';
import { findSpooled, openSpooled } from '../http/spooled-file.ts';
import { spoolPathsOf } from '../http/spool-paths.ts';
import { getObject, type ObjectRequest } from './get-object.ts';
import { addressOf } from './s3-address.ts';
import { answerOf, toS3Error } from './s3-errors.ts';

export interface ObjectPlace {
  readonly client: S3Client;
  readonly place: S3Place;
  /** `downloads/` of the spool. */
  readonly directory: string;
  readonly logger: Logger;
  readonly retry: RetryPolicy;
  readonly stall: number;
}

export async function downloadObject(
  { client, place, directory, logger, retry, stall }: ObjectPlace,
  object: Pick<S3Object, 'key' | 'etag'> & { readonly bytes?: number },
  options: Pick<DownloadRequest, 'maxBytes' | 'signal' | 'onProgress'>,
): Promise<Download> {
  const { signal } = options;
  const address = addressOf(place, object.key);
  // The ETag belongs to the name: what the spool has of this very object is right without asking.
  const url = `${address}?etag=${encodeURIComponent(object.etag)}`;
  const paths = spoolPathsOf(directory, url);
  const spooled = await findSpooled(paths);
  const found = spooled === undefined ? undefined : await openSpooled(paths, spooled, signal);
  if (found !== undefined) return found;
  const request = { bucket: place.bucket, key: object.key, etag: object.etag, address, stall };
  const asHttp: HttpClient = { retry, check: () => undefined, open: (asked) => openObject(client, request, asked) };
  const expected = object.bytes === undefined ? {} : { expected: { bytes: object.bytes } };
  return download({ ...options, url, ...expected }, { client: asHttp, directory, logger });
}

async function openObject(
  client: S3Client,
  request: Omit<ObjectRequest, 'signal'>,
  asked: AnswerRequest,
): Promise<OpenAnswer> {
  const range = /^bytes=(\d+)-$/.exec(asked.headers['range'] ?? '')?.[1];
  try {
    const { output, body, close } = await getObject(client, {
      ...request,
      signal: asked.signal,
      ...(range === undefined ? {} : { start: Number(range) }),
    });
    const headers = {
      etag: output.ETag,
      'content-length': output.ContentLength?.toString(),
      'content-range': output.ContentRange,
      'content-type': output.ContentType,
      'content-encoding': output.ContentEncoding,
      'last-modified': output.LastModified?.toUTCString(),
    };
    return {
      status: output.ContentRange === undefined ? 200 : 206,
      url: request.address,
      network: 'public',
      headers,
      body,
      close,
    };
  } catch (error) {
    asked.signal.throwIfAborted();
    if (answerOf(error).status !== 416) throw toS3Error(error, request.address);
    return {
      status: 416,
      url: request.address,
      network: 'public',
      headers: {},
      body: nothing(),
      close: () => undefined,
    };
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- a body is asynchronous, also an empty one
async function* nothing(): AsyncGenerator<Buffer, void, undefined> {
  yield* [];
}
