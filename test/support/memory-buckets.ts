/** An S3Service over objects in memory, for tests of readers; tests of the service itself ask a real server. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Object, S3Service } from '../../src/component/s3-service.ts';
import { SourceError, UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import { noS3 } from './no-services.ts';

interface StoredObject extends S3Object {
  readonly content: Buffer;
}

export interface MemoryBuckets {
  readonly s3: S3Service;
  /** `bucket/key` of each object that was fetched, in order. */
  readonly gets: string[];
  put(bucket: string, key: string, content: string | Buffer, lastModified?: Date): void;
  remove(bucket: string, key: string): void;
  /** From now on each request for this object fails. */
  fail(bucket: string, key: string, error: VocabSyncError): void;
  /** Called before each object is fetched. */
  onGet: (path: string) => void | Promise<void>;
  /** The most requests that were active at once. */
  readonly mostAtOnce: () => number;
}

export function memoryBuckets(directory: string): MemoryBuckets {
  const objects = new Map<string, StoredObject>();
  const failures = new Map<string, VocabSyncError>();
  const gets: string[] = [];
  let underWay = 0;
  let most = 0;
  const find = async (path: string, etag: string | undefined): Promise<StoredObject> => {
    gets.push(path);
    underWay += 1;
    most = Math.max(most, underWay);
    try {
      await buckets.onGet(path);
      await new Promise(setImmediate);
    } finally {
      underWay -= 1;
    }
    const failure = failures.get(path);
    if (failure !== undefined) throw failure;
    const object = objects.get(path);
    if (object === undefined) throw new SourceError('E_SOURCE_NOT_FOUND', `${path} answered 404 (NoSuchKey).`);
    if (etag !== undefined && etag !== object.etag) throw new SourceError('E_SOURCE_CHANGED', `${path} was replaced.`);
    return object;
  };
  const s3: S3Service = {
    target: noS3.target,
    // eslint-disable-next-line @typescript-eslint/require-await -- a list is asynchronous by contract
    async *list({ bucket }, { prefix = '' }) {
      const all = [...objects].filter(([path]) => path.startsWith(`${bucket}/${prefix}`)).sort();
      for (let i = 0; i < all.length; i += 2) yield all.slice(i, i + 2).map(([, object]) => object);
    },
    async get({ bucket }, key, { etag }) {
      const { content, bytes, etag: found, lastModified } = await find(`${bucket}/${key}`, etag);
      return { bytes, etag: found, lastModified, body: chunksOf(content), close: () => undefined };
    },
    async download({ bucket }, { key, etag }) {
      const { content, bytes } = await find(`${bucket}/${key}`, etag);
      const digest = createHash('sha256').update(content).digest('hex');
      mkdirSync(join(directory, digest), { recursive: true });
      const path = join(directory, digest, 'object');
      writeFileSync(path, content);
      return { path, bytes, digest: `sha256:${digest}` };
    },
  };
  const buckets: MemoryBuckets = {
    s3,
    gets,
    put(bucket, key, content, lastModified = new Date()) {
      const bytes = Buffer.from(content);
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      objects.set(`${bucket}/${key}`, { key, bytes: bytes.length, etag, lastModified, content: bytes });
    },
    remove: (bucket, key) => {
      objects.delete(`${bucket}/${key}`);
    },
    fail: (bucket, key, error) => {
      failures.set(`${bucket}/${key}`, error);
    },
    onGet: () => undefined,
    mostAtOnce: () => most,
  };
  return buckets;
}

// eslint-disable-next-line @typescript-eslint/require-await -- a body is asynchronous by contract
async function* chunksOf(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 10_000) yield content.subarray(at, at + 10_000);
}

export const away = (): UnavailableError => new UnavailableError('E_SOURCE_UNAVAILABLE', 'The server answered 500.');
