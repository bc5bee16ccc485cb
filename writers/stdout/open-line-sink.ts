/** Writes changes as lines. A batch is done when the operating system has all of its bytes. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { write as writeTo } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import { requireAllowedFile } from '../../src/allowed-folders.ts';
import { ConfigError, UnavailableError, messageOf } from '../../src/errors.ts';
import { toMessage } from '../../src/records/change-message.ts';
import type { Change } from '../../src/records/change.ts';

const STDOUT = 1;
/** The interval for checking a full pipe again. */
const FULL_PAUSE_MS = 20;

interface LineArgs {
  readonly name: string;
  readonly path?: string | undefined;
  readonly before: boolean;
}

const writeBytes = promisify(writeTo);

export async function openLineSink({ name, path, before }: LineArgs, context: ChangesContext): Promise<ChangesSink> {
  const place = path ?? 'the standard output of the worker';
  const about = { run: context.run, job: context.job, task: context.task, target: `stdout:${name}` };
  const file = path === undefined ? undefined : await openFor(path);
  return {
    async write(changes) {
      const lines = changes.map((change) => `${JSON.stringify(toLine(change, about, before))}\n`);
      try {
        await writeAll(file?.fd ?? STDOUT, Buffer.from(lines.join('')), context.signal);
      } catch (thrown) {
        context.signal.throwIfAborted();
        throw toError(thrown, place);
      }
      return changes.map(({ id }) => ({ id, result: 'done' }));
    },
    close: async () => file?.close(),
  };
}

function toLine(change: Change, about: Parameters<typeof toMessage>[1], before: boolean): object {
  return { type: 'vocab-sync.change', ...toMessage(change, about, before) };
}

/** Does not create a file: a misspelt path of a pipe would fill the disk. */
async function openFor(path: string): Promise<FileHandle> {
  requireAllowedFile(path);
  try {
    return await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  } catch (thrown) {
    throw toError(thrown, path);
  }
}

async function writeAll(descriptor: number, bytes: Buffer, signal: AbortSignal): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    signal.throwIfAborted();
    try {
      const { bytesWritten } = await writeBytes(descriptor, bytes, written);
      written += bytesWritten;
    } catch (thrown) {
      if (codeOf(thrown) !== 'EAGAIN') throw thrown;
      await sleep(FULL_PAUSE_MS, undefined, { signal });
    }
  }
}

/** ENXIO: a pipe that nobody reads. EPIPE: its reader ended. */
function toError(thrown: unknown, place: string): unknown {
  const code = codeOf(thrown);
  const options = { cause: thrown, details: { code } };
  if (code === 'ENXIO' || code === 'EPIPE') {
    const text = `Expected a program that reads ${place}, found none. Start it: the run tries again.`;
    return new UnavailableError('E_TARGET_UNAVAILABLE', text, options);
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new UnavailableError(
      'E_DISK_FULL',
      `There is no space left for ${place}. Free space: the run tries again.`,
      options,
    );
  }
  if (!/^E[A-Z]+$/.test(code)) return thrown;
  return new ConfigError(
    'E_TARGET_FORBIDDEN',
    `Cannot write to ${place}: ${messageOf(thrown)}. It must exist and be writable for the worker: mkfifo creates a named pipe.`,
    options,
  );
}

function codeOf(thrown: unknown): string {
  const code = (thrown as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
