/**
 * An upload in parts. All parts but the last have the same size, because some servers require it. An upload is begun at
 * once, even for little content. A later attempt ends the uploads of earlier ones, so only one of them can complete.
 */
import { createHash } from 'node:crypto';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import type { S3Upload, S3WriteOptions } from '../component/s3-service.ts';
import type { Logger } from '../component/services.ts';
import { LimitError } from '../errors.ts';
import { toTargetError } from './target-errors.ts';

/** At least 5 MiB by the protocol. With the most parts it allows, an object may have 160 GB. */
const PART_BYTES = 16 * 1024 * 1024;
const MOST_PARTS = 10_000;
/** The time limit for ending an upload that failed. The signal of the run may be aborted by then. */
const ABORT_MS = 15_000;

export interface UploadRequest extends S3WriteOptions {
  readonly bucket: string;
  readonly key: string;
  readonly address: string;
  readonly logger: Logger;
}

export async function openUpload(client: S3Client, request: UploadRequest): Promise<S3Upload> {
  const begun = await beginUpload(client, request);
  let held: Buffer[] = [];
  let heldBytes = 0;
  return {
    async write(chunk) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes < PART_BYTES) return;
      const all = Buffer.concat(held);
      let sent = 0;
      for (; all.length - sent >= PART_BYTES; sent += PART_BYTES) {
        await begun.sendPart(all.subarray(sent, sent + PART_BYTES));
      }
      held = [all.subarray(sent)];
      heldBytes = all.length - sent;
    },
    async seal() {
      if (heldBytes === 0) return;
      await begun.sendPart(Buffer.concat(held));
      held = [];
      heldBytes = 0;
    },
    complete: () => begun.complete(),
    abort: () => begun.abort(),
  };
}

interface BegunUpload extends Pick<S3Upload, 'complete' | 'abort'> {
  sendPart(content: Buffer): Promise<void>;
}

async function beginUpload(client: S3Client, request: UploadRequest): Promise<BegunUpload> {
  const sdk = await import('@aws-sdk/client-s3');
  const { bucket: Bucket, key: Key, address, signal, contentType: ContentType, logger } = request;
  const begin = new sdk.CreateMultipartUploadCommand({ Bucket, Key, ContentType });
  const { UploadId } = await client.send(begin, { abortSignal: signal });
  const Parts: CompletedPart[] = [];
  let isOpen = true;

  async function asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw toTargetError(error, address);
    }
  }

  async function abort(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    const command = new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId });
    await client.send(command, { abortSignal: AbortSignal.timeout(ABORT_MS) }).catch((error: unknown) => {
      const { code, message } = toTargetError(error, address);
      if (code === 'E_LEASE_LOST') return;
      logger.warn('An incomplete upload could not be ended. The next run ends it.', { url: address, code, message });
    });
  }

  return {
    abort,
    async sendPart(content) {
      if (Parts.length === MOST_PARTS) throw tooLarge(address);
      const PartNumber = Parts.length + 1;
      const ContentMD5 = createHash('md5').update(content).digest('base64');
      const command = new sdk.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: content, ContentMD5 });
      const { ETag } = await asked(() => client.send(command, { abortSignal: signal }));
      Parts.push({ ETag, PartNumber });
    },
    async complete() {
      if (Parts.length === 0) {
        // An upload needs a part; an object without content is put in one request.
        await asked(() => putObject(client, Bucket, Key, Buffer.alloc(0), request));
        await abort();
        return;
      }
      const command = new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } });
      await asked(() => client.send(command, { abortSignal: signal }));
      isOpen = false;
    },
  };
}

export async function putObject(
  client: S3Client,
  bucket: string,
  key: string,
  content: Buffer,
  { signal, contentType }: S3WriteOptions,
): Promise<void> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: content,
    ContentType: contentType,
    ContentMD5: createHash('md5').update(content).digest('base64'),
  });
  await client.send(command, { abortSignal: signal });
}

function tooLarge(address: string): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `The object ${address} would have more than ${String(MOST_PARTS)} parts of ${String(PART_BYTES)} bytes, the most that S3 accepts. Publish fewer records into it, or compress it.`,
    { details: { url: address } },
  );
}
