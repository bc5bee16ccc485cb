/** A bucket as a target: an object appears whole or not at all, whatever fails in between. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Place, S3Target } from '../component/s3-service.ts';
import type { Logger } from '../component/services.ts';
import { getObject } from './get-object.ts';
import { listObjects } from './list-objects.ts';
import { addressOf } from './s3-address.ts';
import type { OpenClient } from './s3-client.ts';
import { answerOf } from './s3-errors.ts';
import { toTargetError } from './target-errors.ts';
import { openUpload, putObject } from './upload-object.ts';

export interface S3TargetOptions {
  readonly open: OpenClient;
  readonly logger: Logger;
  /** Milliseconds without a byte. */
  readonly stall: number;
}

export function createS3Target({ open, logger, stall }: S3TargetOptions): S3Target {
  /** Runs requests about one key; their errors name its address. */
  async function ask<T>(place: S3Place, key: string, signal: AbortSignal, work: (client: S3Client) => Promise<T>) {
    try {
      return await work(await open(place));
    } catch (error) {
      signal.throwIfAborted();
      throw toTargetError(error, addressOf(place, key));
    }
  }
  return {
    find: (place, key, signal) => ask(place, key, signal, (client) => findObject(client, place.bucket, key, signal)),
    async *read(place, key, signal) {
      const address = addressOf(place, key);
      const request = { bucket: place.bucket, key, address, signal, stall };
      const { body } = await ask(place, key, signal, (client) => getObject(client, request));
      yield* body;
    },
    list: (place, prefix, signal) =>
      ask(place, prefix, signal, async (client) => {
        const keys: string[] = [];
        const request = { bucket: place.bucket, prefix, address: addressOf(place, prefix), signal };
        for await (const page of listObjects(client, request)) keys.push(...page.map(({ key }) => key));
        return keys;
      }),
    clear: (place, prefix, isOwn, signal) =>
      ask(place, prefix, signal, (client) => clearUploads(client, { place, prefix, isOwn, signal, logger })),
    upload: (place, key, options) =>
      ask(place, key, options.signal, (client) =>
        openUpload(client, { bucket: place.bucket, key, address: addressOf(place, key), logger, ...options }),
      ),
    put: (place, key, content, options) =>
      ask(place, key, options.signal, (client) => putObject(client, place.bucket, key, content, options)),
    remove: (place, key, signal) =>
      ask(place, key, signal, async (client) => {
        const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
        await client.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: key }), { abortSignal: signal });
      }),
  };
}

async function findObject(client: S3Client, bucket: string, key: string, signal: AbortSignal) {
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
  try {
    const output = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    return { bytes: output.ContentLength ?? 0, etag: output.ETag ?? '' };
  } catch (error) {
    // The answer to HEAD has no body, so it does not say whether the object or the bucket is missing.
    if (answerOf(error).status !== 404) throw error;
    await requireBucket(client, bucket, signal);
    return undefined;
  }
}

async function requireBucket(client: S3Client, bucket: string, signal: AbortSignal): Promise<void> {
  const { HeadBucketCommand } = await import('@aws-sdk/client-s3');
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
  } catch (error) {
    const { status } = answerOf(error);
    // A key that may write objects is often not allowed to look at the bucket.
    if (status === 403) return;
    if (status !== 404 || !(error instanceof Error)) throw error;
    throw Object.assign(error, { name: 'NoSuchBucket' });
  }
}

interface Clearing {
  readonly place: S3Place;
  readonly prefix: string;
  readonly isOwn: (key: string) => boolean;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Reads only the first page: a target has at most a few unfinished uploads. */
async function clearUploads(client: S3Client, { place, prefix, isOwn, signal, logger }: Clearing): Promise<void> {
  const { AbortMultipartUploadCommand, ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
  const { bucket: Bucket } = place;
  let found;
  try {
    found = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix }), { abortSignal: signal });
  } catch (error) {
    if (answerOf(error).status !== 403) throw error;
    logger.warn('Incomplete uploads cannot be listed. Those of a killed worker stay until the bucket expires them.', {
      url: addressOf(place, prefix),
    });
    return;
  }
  for (const { Key, UploadId } of found.Uploads ?? []) {
    if (Key === undefined || UploadId === undefined || !isOwn(Key)) continue;
    const command = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
    await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      // It was completed or ended in the meantime.
      if (answerOf(error).name !== 'NoSuchUpload') throw error;
    });
  }
}
