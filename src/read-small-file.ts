/**
 * Reads a file that an operator names, such as a secret, a table, a schema or a settings file. Only a regular file up to
 * a size is accepted. A FIFO, a device, a socket or a directory is refused at once: opening a FIFO would wait for a
 * writer, and a device such as /dev/zero has no end.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** Thrown for what is no small regular file. The message is a clause such as "it is a FIFO, not a regular file". */
export class SmallFileError extends Error {
  readonly code: 'ENOTFILE' | 'EFBIG';

  constructor(code: SmallFileError['code'], message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Opening never waits: without O_NONBLOCK, a FIFO without a writer blocks the thread. Windows has no such flag. */
const FLAGS = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);
const FIRST_READ = 64 * 1024;

/** Throws SmallFileError, or the error of the file system. `mostBytes` is the largest size that is accepted. */
export async function readSmallFile(path: string, mostBytes: number): Promise<Buffer> {
  const handle = await open(path, FLAGS);
  try {
    const chunks = collectChunks(await handle.stat(), mostBytes);
    for (;;) {
      const { bytesRead } = await handle.read(chunks.next());
      if (chunks.took(bytesRead)) return chunks.all();
    }
  } finally {
    await handle.close();
  }
}

/** The same for callers that cannot wait, such as the schema of an argument. */
export function readSmallFileSync(path: string, mostBytes: number): Buffer {
  const handle = openSync(path, FLAGS);
  try {
    const chunks = collectChunks(fstatSync(handle), mostBytes);
    for (;;) if (chunks.took(readSync(handle, chunks.next()))) return chunks.all();
  } finally {
    closeSync(handle);
  }
}

interface Chunks {
  /** Where the next read goes. */
  next(): Buffer;
  /** Whether the file has ended. Throws SmallFileError when it holds too much. */
  took(bytes: number): boolean;
  all(): Buffer;
}

/** The size in `stats` is only a hint: files in /proc say 0, and a file may grow while it is read. */
function collectChunks(stats: Stats, mostBytes: number): Chunks {
  if (!stats.isFile()) throw new SmallFileError('ENOTFILE', `it is ${kindOf(stats)}, not a regular file`);
  if (stats.size > mostBytes) throw tooLarge(stats.size, mostBytes);
  const chunks: Buffer[] = [];
  let room = Buffer.alloc(0);
  let total = 0;
  return {
    next: () => (room = Buffer.allocUnsafe(Math.min(Math.max(stats.size - total, FIRST_READ), mostBytes - total) + 1)),
    took(bytes) {
      if (bytes === 0) return true;
      chunks.push(room.subarray(0, bytes));
      total += bytes;
      if (total > mostBytes) throw tooLarge(total, mostBytes);
      return false;
    },
    all: () => Buffer.concat(chunks, total),
  };
}

function tooLarge(bytes: number, mostBytes: number): SmallFileError {
  return new SmallFileError('EFBIG', `it has ${String(bytes)} bytes, more than ${String(mostBytes)}`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'a device' : 'a special file';
}
