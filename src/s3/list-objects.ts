/** Lists the objects of a bucket, page by page, in the order of their keys. */
import type { _Object, S3Client } from '@aws-sdk/client-s3';
import type { S3Object } from '../component/s3-service.ts';
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
  const seen = new Set<string>();
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
    if (page.Name === undefined && page.KeyCount === undefined && page.Contents === undefined) throw noList(address);
    yield (page.Contents ?? []).map((object) => toObject(object, address));
    token = page.IsTruncated === true ? nextToken(page.NextContinuationToken, seen, address) : undefined;
  } while (token !== undefined);
}

/** Without one the rest of the list would be taken for not there; one that was given before leads round for ever. */
function nextToken(token: string | undefined, seen: Set<string>, address: string): string {
  if (token === undefined || token === '' || seen.has(token)) throw stuck(address);
  seen.add(token);
  return token;
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
  const message = `The list of ${address} says that it goes on, but not where, or where it was before. Report it to the operator of the server.`;
  return new SourceError('E_SOURCE_UNEXPECTED', message);
}

function noList(address: string): SourceError {
  const message = `${address} was asked for its list and answered with something else. Check that the endpoint is an S3 server and not a page of it, and path_style.`;
  return new SourceError('E_SOURCE_UNEXPECTED', message, { details: { url: address } });
}
