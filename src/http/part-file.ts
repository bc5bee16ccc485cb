/**
 * A current download: its bytes, the resource to which they belong, and their digests so far. Bytes are only appended.
 * After a takeover the bytes are copied first, so that a former holder that wakes up writes into a deleted file.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { UnavailableError } from '../errors.ts';
import { onDisk } from './disk-errors.ts';
import { completePathOf, type SpoolPaths } from './spool-paths.ts';

const aboutSchema = z.object({
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** The total size, if the server announced it. */
  total: z.number().optional(),
  /** The removed encoding: the bytes differ from those of the server, so the rest cannot be requested. */
  encoding: z.string().optional(),
});

/** The metadata that the server sent with the first bytes. */
export type PartAbout = z.infer<typeof aboutSchema>;

export interface Digests {
  /** `sha256:…` */
  readonly sha256: string;
  /** `md5:…` */
  readonly md5: string;
}

export class PartFile {
  readonly #paths: SpoolPaths;
  readonly #file: FileHandle;
  readonly #token: string;
  #about: PartAbout;
  #bytes = 0;
  #sha256: Hash = createHash('sha256');
  #md5: Hash = createHash('md5');

  private constructor(paths: SpoolPaths, token: string, file: FileHandle, about: PartAbout) {
    this.#paths = paths;
    this.#token = token;
    this.#file = file;
    this.#about = about;
  }

  /** Continues an existing part file if its metadata is known. */
  static async open(
    paths: SpoolPaths,
    lock: { readonly token: string; readonly stolen: boolean },
    signal: AbortSignal,
  ): Promise<PartFile> {
    return onDisk(paths.directory, async () => {
      if (lock.stolen) await copyApart(paths.part, lock.token);
      const about = await readAbout(paths.partAbout);
      const file = await open(paths.part, 'a+', 0o600);
      const part = new PartFile(paths, lock.token, file, about ?? {});
      if (about !== undefined) await part.#rehash(signal);
      else if ((await file.stat()).size > 0) await file.truncate(0);
      return part;
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  get about(): PartAbout {
    return this.#about;
  }

  /** Starts over with other content. */
  async restart(about: PartAbout): Promise<void> {
    await onDisk(this.#paths.directory, async () => {
      await rm(this.#paths.partAbout, { force: true });
      if (this.#bytes > 0) await this.#file.truncate(0);
      this.#bytes = 0;
      this.#about = about;
      this.#sha256 = createHash('sha256');
      this.#md5 = createHash('md5');
      await writeJson(this.#paths.partAbout, about, this.#token);
    });
  }

  async append(chunk: Buffer): Promise<void> {
    await onDisk(this.#paths.directory, () => this.#file.appendFile(chunk));
    this.#count(chunk);
  }

  /** Keeps the first bytes only. */
  async cutTo(bytes: number, signal: AbortSignal): Promise<void> {
    await onDisk(this.#paths.directory, () => this.#file.truncate(bytes));
    this.#bytes = 0;
    this.#sha256 = createHash('sha256');
    this.#md5 = createHash('md5');
    await this.#rehash(signal);
  }

  digests(): Digests {
    return {
      sha256: `sha256:${this.#sha256.copy().digest('hex')}`,
      md5: `md5:${this.#md5.copy().digest('hex')}`,
    };
  }

  /** Makes the bytes durable and moves them to their place, in one step. The part is closed then. */
  async complete(name: string): Promise<string> {
    return onDisk(this.#paths.directory, async () => {
      await this.#file.sync();
      const own = await this.#file.stat();
      await this.#file.close();
      const aside = `${this.#paths.part}.${this.#token}`;
      await rename(this.#paths.part, aside).catch((error: unknown) => {
        throw takenOver(error);
      });
      if ((await stat(aside)).ino !== own.ino) {
        await rename(aside, this.#paths.part);
        throw takenOver();
      }
      const path = completePathOf(this.#paths.directory, this.digests().sha256, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await rename(aside, path);
      await syncDirectory(dirname(path));
      await rm(this.#paths.partAbout, { force: true });
      return path;
    });
  }

  /** Keeps the received bytes for the next attempt. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Removes everything: these bytes are of no use. */
  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#paths.partAbout, { force: true });
    await rm(this.#paths.part, { force: true });
  }

  #count(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#sha256.update(chunk);
    this.#md5.update(chunk);
  }

  async #rehash(signal: AbortSignal): Promise<void> {
    for await (const chunk of createReadStream(this.#paths.part, { highWaterMark: 1024 * 1024 })) {
      signal.throwIfAborted();
      this.#count(chunk as Buffer);
    }
  }
}

/** Written to a second file and renamed, so that a reader finds the old or the new text and never half of it. */
export async function writeJson(path: string, value: unknown, token: string): Promise<void> {
  const aside = `${path}.${token}`;
  const file = await open(aside, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
}

async function readAbout(path: string): Promise<PartAbout | undefined> {
  try {
    return aboutSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // If it is missing or damaged, the content of the downloaded bytes is unknown, and the download starts over.
    return undefined;
  }
}

async function copyApart(path: string, token: string): Promise<void> {
  const aside = `${path}.${token}`;
  try {
    await copyFile(path, aside, constants.COPYFILE_FICLONE);
    await rename(aside, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function takenOver(cause?: unknown): UnavailableError {
  return new UnavailableError('E_LEASE_LOST', 'Another process took over this download; its file is used.', { cause });
}
