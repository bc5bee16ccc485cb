/** The objects of a bucket, page by page, in the order of their keys. */
import type { _Object, S3Client } from '@aws-sdk/client-s3';
import type { S3Object } from '../component/services.ts';
import { SourceError } from '../errors.ts';
import { toS3Error } from './s3-errors.ts';

export interface ListRequest {
  readonly bucket: string;
  readonly prefix: string | undefined;
  /** For messages. */
  readonly address: string;
  readonly signal: AbortSignal;
}

export async function* listObjects(
  client: S3Client,
  request: ListRequest,
): AsyncGenerator<readonly S3Object[], void, undefined> {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const { bucket, prefix, address, signal } = request;
  let token: string | undefined;
  do {
    signal.throwIfAborted();
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      ...(prefix === undefined ? {} : { Prefix: prefix }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw toS3Error(error, address);
    });
    yield (page.Contents ?? []).map((object) => toObject(object, address));
    if (page.IsTruncated === true && page.NextContinuationToken === token) throw stuck(address);
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

function toObject({ Key, Size, ETag, LastModified }: _Object, address: string): S3Object {
  if (Key === undefined || Size === undefined || ETag === undefined || LastModified === undefined) {
    throw new SourceError(
      'E_SOURCE_UNEXPECTED',
      `The list of ${address} has an object without key, size, ETag or date (${Key ?? 'no key'}). Check that the endpoint is an S3 server.`,
    );
  }
  return { key: Key, bytes: Size, etag: ETag, lastModified: LastModified };
}

function stuck(address: string): SourceError {
  const message = `The list of ${address} gives the same page again and again. Report it to the operator of the server.`;
  return new SourceError('E_SOURCE_UNEXPECTED', message);
}
