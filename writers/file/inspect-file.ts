/** Whether a published file is still the one that was published. */
import { createHash } from 'node:crypto';
import type { FileArgs } from './file-args.ts';
import { readManifest } from './manifest.ts';
import { manifestName, stateName, type FilePlace, type Store } from './store.ts';

/** Clocks of file systems are coarse, and the manifest is dated after the last write. */
const CLOCK_SLACK_MS = 2_000;

/**
 * Returns what is wrong, as a sentence without its full stop, or undefined. On disk the content is read only if the file
 * was written after its manifest: otherwise its size decides. In a bucket the ETag decides. With `reads` the content is always
 * read.
 */
export async function inspectFile(
  { store, base, isBucket }: FilePlace,
  { keep, feed }: FileArgs,
  reads = false,
): Promise<string | undefined> {
  const manifest = await readManifest(store, base);
  const isPointer = isBucket && keep !== undefined;
  const name = isPointer && typeof manifest?.['file'] === 'string' ? manifest['file'] : base;
  const found = isPointer && manifest === undefined ? undefined : await store.find(name);
  const path = store.addressOf(name);
  if (found === undefined) return `the file ${path} is gone`;
  if (manifest === undefined) return `the manifest ${store.addressOf(manifestName(base))} is gone or is not JSON`;
  const { bytes, sha256, written_at: writtenAt } = manifest;
  if (found.bytes !== bytes) {
    return `the file ${path} has ${String(found.bytes)} bytes, but ${String(bytes)} were published`;
  }
  if (feed && (await store.find(stateName(base))) === undefined) {
    return `the state of its changes, ${store.addressOf(stateName(base))}, is gone`;
  }
  if (found.writtenMs === undefined && !reads) {
    return found.etag === manifest['etag'] ? undefined : `the object ${path} was replaced`;
  }
  const written = typeof writtenAt === 'string' ? Date.parse(writtenAt) : Number.NaN;
  if (!reads && (found.writtenMs ?? 0) <= written + CLOCK_SLACK_MS) return undefined;
  return (await sha256Of(store, name)) === sha256 ? undefined : `the content of the file ${path} was changed`;
}

async function sha256Of(store: Store, name: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of store.read(name)) hash.update(chunk);
  return hash.digest('hex');
}
