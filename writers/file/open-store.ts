/** Opens the store for the path of a target. */
import { toPlace } from '../../src/component/s3-place-args.ts';
import type { S3Place, S3WriteOptions } from '../../src/component/s3-service.ts';
import { openDiskStore } from './disk-store.ts';
import { BUCKET_PATH, type FileArgs } from './file-args.ts';
import { changesFolder, versionsFolder, type FilePlace, type StoreContext, type Output, type Store } from './store.ts';

export function openStore(args: FileArgs, context: StoreContext): FilePlace {
  const [, bucket, key] = BUCKET_PATH.exec(args.path) ?? [];
  if (bucket === undefined || key === undefined) return { ...openDiskStore(args.path), isBucket: false };
  const place = toPlace(args, bucket);
  return { ...openBucketStore({ place, key, ...context }), isBucket: true };
}

interface BucketTarget extends StoreContext {
  readonly place: S3Place;
  readonly key: string;
}

/** A bucket as a store. An object appears when its upload is completed. */
function openBucketStore(target: BucketTarget): Pick<FilePlace, 'store' | 'base'> {
  const { place, key, buckets, signal } = target;
  const prefix = key.slice(0, key.lastIndexOf('/') + 1);
  const base = key.slice(prefix.length);
  const keyOf = (name: string): string => prefix + name;
  const optionsOf = (name: string): S3WriteOptions => ({ signal, contentType: contentTypeOf(name) });
  const isOwn = (found: string): boolean =>
    found === key ||
    found.startsWith(`${keyOf(versionsFolder(base))}/`) ||
    found.startsWith(`${keyOf(changesFolder(base))}/`);

  const store: Store = {
    addressOf: (name) => `s3://${place.bucket}/${keyOf(name)}`,
    async find(name) {
      const found = await buckets.find(place, keyOf(name), signal);
      return found === undefined ? undefined : { ...found, isFile: true, isLink: false };
    },
    read: (name) => buckets.read(place, keyOf(name), signal),
    async list(folder) {
      const start = `${keyOf(folder)}/`;
      const keys = await buckets.list(place, start, signal);
      return keys.map((found) => found.slice(start.length)).filter((name) => name !== '' && !name.includes('/'));
    },
    begin: () => buckets.clear(place, key, isOwn, signal),
    async open(name): Promise<Output> {
      const upload = await buckets.upload(place, keyOf(name), optionsOf(name));
      return {
        write: (chunk) => upload.write(chunk),
        seal: () => upload.seal(),
        show: () => upload.complete(),
        discard: () => upload.abort(),
      };
    },
    put: (name, text) => buckets.put(place, keyOf(name), Buffer.from(text), optionsOf(name)),
    remove: (name) => buckets.remove(place, keyOf(name), signal),
    async probe(name) {
      const upload = await buckets.upload(place, keyOf(name), optionsOf(name));
      await upload.abort();
    },
  };
  return { store, base };
}

const CONTENT_TYPES: readonly (readonly [string, string])[] = [
  ['.gz', 'application/gzip'],
  ['.json', 'application/json'],
  ['.jsonl', 'application/x-ndjson'],
  ['.ndjson', 'application/x-ndjson'],
  ['.csv', 'text/csv; charset=utf-8'],
  ['.yaml', 'application/yaml'],
  ['.yml', 'application/yaml'],
  ['.parquet', 'application/vnd.apache.parquet'],
];

function contentTypeOf(name: string): string {
  return CONTENT_TYPES.find(([ending]) => name.toLowerCase().endsWith(ending))?.[1] ?? 'application/octet-stream';
}
