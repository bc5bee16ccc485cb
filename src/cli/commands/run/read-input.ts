/** `--input PATH|-`: the file that stands in for the source, by a path that a worker on this machine can open. */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ConfigError, messageOf } from '../../../errors.ts';
import { formatBytes } from '../../render/format-number.ts';
import type { CommandContext } from '../../command-context.ts';

export interface InputFile {
  readonly path: string;
  readonly name: string;
}

/** Throws ConfigError E_FILE_NOT_FOUND. What comes from stdin is kept in the spool, named by its digest. */
export async function readInput(context: CommandContext, written: string): Promise<InputFile> {
  if (written === '-') return readStdin(context);
  const path = resolve(context.cwd, written);
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    await access(path, constants.R_OK);
  } catch (cause) {
    throw new ConfigError(
      'E_FILE_NOT_FOUND',
      `Expected --input to name a file that can be read, found ${path}: ${messageOf(cause)}.`,
      {
        cause,
        details: { path },
      },
    );
  }
  return { path, name: basename(path) };
}

async function readStdin({ terminal, settings }: CommandContext): Promise<InputFile> {
  const directory = join(settings().spool, 'input');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = join(directory, `${randomUUID()}.part`);
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      terminal.input,
      async function* measure(chunks: AsyncIterable<Buffer | string>) {
        for await (const chunk of chunks) {
          const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
          digest.update(buffer);
          bytes += buffer.length;
          yield buffer;
        }
      },
      createWriteStream(draft, { mode: 0o600 }),
    );
    if (bytes === 0) {
      throw new ConfigError(
        'E_FILE_NOT_FOUND',
        'Expected the source on stdin because of --input -, found nothing there.',
      );
    }
    const name = `stdin-${digest.digest('hex').slice(0, 16)}`;
    const path = join(directory, name);
    await rename(draft, path);
    terminal.say(`Read ${formatBytes(bytes)} from stdin into ${path}`);
    return { path, name };
  } finally {
    await rm(draft, { force: true });
  }
}
