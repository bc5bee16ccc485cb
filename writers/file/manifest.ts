/** The manifest of a published file: its content, so that a reader can check it, and its owner. */
import { ConfigError } from '../../src/errors.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import type { FileFormat } from './file-args.ts';
import { manifestName, readText, type FilePlace, type Store } from './store.ts';

export const MADE_BY = 'vocab-sync';

/** Manifests have less than 1 KB. */
const MOST_BYTES = 64 * 1024;

export interface Manifest {
  /** Relative to the directory of the manifest. */
  readonly file: string;
  readonly format: FileFormat;
  readonly compress?: 'gzip';
  readonly records: number;
  readonly bytes: number;
  /** 64 hex digits, of the file. */
  readonly sha256: string;
  readonly job: string;
  readonly run: string;
  readonly written_at: string;
  /** In a bucket, of the object. Absent until the object is there. */
  readonly etag?: string;
  /** The version with the same content, relative to the directory of `path`. */
  readonly version?: string;
  /** The number of the last file of changes. */
  readonly changes?: number;
}

export type FoundManifest = Readonly<Record<string, unknown>>;

export function toManifestText(manifest: Manifest): string {
  return `${JSON.stringify({ made_by: MADE_BY, ...manifest }, null, 2)}\n`;
}

/** Returns undefined if the manifest does not exist or is not a JSON object. */
export async function readManifest(store: Store, name: string): Promise<FoundManifest | undefined> {
  const text = await readText(store, manifestName(name), MOST_BYTES);
  if (text === undefined) return undefined;
  try {
    const manifest: unknown = JSON.parse(text);
    return isJsonObject(manifest) ? manifest : undefined;
  } catch {
    // Not JSON: then it is not ours, and the caller says so.
    return undefined;
  }
}

export interface OwnFile {
  /** Whether this job published here before. */
  readonly isOwn: boolean;
  readonly manifest: FoundManifest | undefined;
}

/**
 * Throws ConfigError E_TARGET_CONFLICT for anything at the path that this job did not publish: a directory, a file without
 * our manifest, a file of another job. With `isPointer` the manifest alone is the target.
 */
export async function findOwnFile({ store, base }: FilePlace, job: string, isPointer: boolean): Promise<OwnFile> {
  const found = await store.find(base);
  const address = store.addressOf(base);
  if (found?.isFile === false) throw conflict(address, 'it is not a file');
  const manifest = await readManifest(store, base);
  if (found === undefined && !(isPointer && manifest !== undefined)) return { isOwn: false, manifest };
  if (manifest?.['made_by'] !== MADE_BY) throw conflict(address, 'it has no manifest of vocab-sync next to it');
  if (manifest['job'] !== job)
    throw conflict(address, `its manifest says that it belongs to ${describeJob(manifest['job'])}`);
  if (found?.isLink === true && found.bytes > 0 && found.bytes !== manifest['bytes']) {
    throw conflict(address, 'it is a symbolic link to a file that is not the one in its manifest');
  }
  return { isOwn: true, manifest };
}

/** Returns the ETag of an object in a bucket. A file on disk does not have one. */
export async function etagOf(store: Store, name: string): Promise<{ readonly etag?: string }> {
  const etag = (await store.find(name))?.etag;
  return etag === undefined ? {} : { etag };
}

export function conflict(path: string, why: string): ConfigError {
  return new ConfigError(
    'E_TARGET_CONFLICT',
    `Expected no file, or one that this job published before, at ${path}: ${why}. ` +
      'Move it away together with its manifest, or choose another "path" in the args of the file writer.',
    { details: { path } },
  );
}

function describeJob(job: unknown): string {
  return typeof job === 'string' ? `the job "${job}"` : 'no job';
}
