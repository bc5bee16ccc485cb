/**
 * Where the files of one target are kept. Names are relative to the directory or the prefix of the target's path; some
 * have one folder in front. Errors name the path of the target and say what an operator can do.
 */
import type { S3Target } from '../../src/component/s3-service.ts';

interface Stored {
  readonly bytes: number;
  /** False for a directory or a device. */
  readonly isFile: boolean;
  readonly isLink: boolean;
  /** In a bucket: what changes with the content. */
  readonly etag?: string;
  /** When it was written last, by the clock of the store; on disk only. */
  readonly writtenMs?: number;
}

/** A file that grows and is invisible until `show`. */
export interface Output {
  write(chunk: Buffer): Promise<void>;
  /**
   * Stores all bytes durably. Nothing is visible yet. Throws UnavailableError E_LEASE_LOST if another attempt has begun
   * to write this target.
   */
  seal(): Promise<void>;
  /** Makes the file visible, whole, in place of the one before. Follows `seal`. */
  show(): Promise<void>;
  /** After `show` it does nothing; before, nothing remains. */
  discard(): Promise<void>;
}

export interface Store {
  /** The whole path or address, for messages and reports. */
  addressOf(name: string): string;
  find(name: string): Promise<Stored | undefined>;
  read(name: string): AsyncIterable<Buffer>;
  /** Returns the names of the files directly in a folder, without the folder; none if there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Called once before the first `open`: removes what killed attempts left, and ends the uploads of others. */
  begin(): Promise<void>;
  open(name: string): Promise<Output>;
  /** Writes a small file as a whole. */
  put(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Throws if `name` could not be written, without leaving anything. */
  probe(name: string): Promise<void>;
}

/** A target and what is kept with it. */
export interface FilePlace {
  readonly store: Store;
  /** The last part of the path. */
  readonly base: string;
  /** Whether a stable name is only a pointer: an object cannot be renamed or linked. */
  readonly isBucket: boolean;
}

export interface StoreContext {
  readonly buckets: S3Target;
  readonly signal: AbortSignal;
}

export function manifestName(name: string): string {
  return `${name}.manifest.json`;
}

export function versionsFolder(base: string): string {
  return `${base}.versions`;
}

export function changesFolder(base: string): string {
  return `${base}.changes`;
}

/** The list of what the files of changes lead to. */
export function stateName(base: string): string {
  return `${changesFolder(base)}/state.gz`;
}

export function entryName(base: string, sequence: number): string {
  return `${changesFolder(base)}/${String(sequence).padStart(8, '0')}.jsonl`;
}

/** The whole text, or undefined if there is no such file or it is longer than `most` bytes. */
export async function readText(store: Store, name: string, most: number): Promise<string | undefined> {
  const found = await store.find(name);
  if (found === undefined || !found.isFile || found.bytes > most) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of store.read(name)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
