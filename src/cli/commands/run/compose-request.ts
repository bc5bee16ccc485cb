/**
 * Composes the request that starts the workflow from the options of `run` and `plan`, and reports everything that is
 * wrong.
 */
import { userInfo } from 'node:os';
import { resolve, basename, join } from 'node:path';
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Catalog } from '../../../component/catalog.ts';
import { ConfigError, messageOf } from '../../../errors.ts';
import { createEffectiveJob, type EffectiveJob } from '../../../job/effective/effective-job.ts';
import { parseJsonText } from '../../../job/json-text.ts';
import { parseArguments } from '../../../job/effective/parse-arguments.ts';
import { parseSince } from '../../../job/effective/since.ts';
import { SmallFileError, readSmallFile } from '../../../read-small-file.ts';
import type { RunMode, RunRequest } from '../../../records/run.ts';
import type { CommandContext } from '../../command-context.ts';
import { formatBytes } from '../../render/format-number.ts';
import { findJob } from './find-job.ts';

export interface RequestOptions {
  readonly title?: string;
  readonly since?: string;
  /** `name=value` */
  readonly arg?: readonly string[];
  readonly customArgs?: string;
  readonly input?: string;
  readonly force?: boolean;
  readonly queue?: string;
}

export interface ComposedRequest {
  readonly request: RunRequest;
  readonly queue: string;
  readonly effective: EffectiveJob;
}

/** Throws ConfigError for anything that the operator should fix before the run starts. */
export async function composeRequest(
  context: CommandContext,
  catalog: Catalog,
  job: string,
  mode: RunMode,
  options: RequestOptions,
): Promise<ComposedRequest> {
  const { config, file, isStored } = await findJob(context, catalog, job);
  const given = options.arg ?? [];
  const args = given.length === 0 ? undefined : parseArguments(given, JSON.parse(config));
  const customArgs = await readCustomArgs(options.customArgs, context.cwd);
  if (options.since !== undefined) parseSince(options.since, new Date());
  const input = options.input === undefined ? undefined : await readInput(context, options.input);
  const effective = await createEffectiveJob({
    config,
    file,
    catalog,
    ...(args === undefined ? {} : { args }),
    ...(customArgs === undefined ? {} : { customArgs }),
    ...(input === undefined ? {} : { input }),
  });
  if (effective.since !== undefined) parseSince(effective.since, new Date());
  return {
    effective,
    queue: options.queue ?? effective.job.queue,
    request: {
      job: effective.job.id,
      trigger: 'manual',
      mode,
      // A stored job is looked up when the run starts: another version may be the newest by then.
      ...(isStored ? {} : { config }),
      startedBy: userName(),
      ...(options.title === undefined ? {} : { title: options.title }),
      ...(options.since === undefined ? {} : { since: options.since }),
      ...(args === undefined ? {} : { args }),
      ...(customArgs === undefined ? {} : { customArgs }),
      ...(input === undefined ? {} : { input }),
      ...(options.force === true ? { force: true } : {}),
    },
  };
}

/** Reads `--custom-args`. Throws ConfigError. */
export async function readCustomArgs(
  written: string | undefined,
  cwd: string,
): Promise<Record<string, unknown> | undefined> {
  if (written === undefined) return undefined;
  const text = written.startsWith('@') ? await readArgsFile(resolve(cwd, written.slice(1))) : written;
  const { value, problems } = parseJsonText(text);
  const [first] = problems;
  if (first !== undefined) {
    throw new ConfigError(
      'E_CUSTOM_ARGS_INVALID',
      `Expected --custom-args to be a JSON object or @FILE, but it is not JSON: ${first.message} (line ${String(first.line)}, column ${String(first.column)}).`,
      { details: { problems } },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(
      'E_CUSTOM_ARGS_INVALID',
      'Expected --custom-args to be a JSON object such as {"guards": {"min_records": 10}}, found another JSON value.',
    );
  }
  return value as Record<string, unknown>;
}

/** As for a job file. */
const MOST_ARGS_BYTES = 1024 ** 2;

async function readArgsFile(path: string): Promise<string> {
  try {
    return (await readSmallFile(path, MOST_ARGS_BYTES)).toString('utf8');
  } catch (cause) {
    if (cause instanceof SmallFileError && cause.code === 'EFBIG') {
      const message = `Expected the file ${path} of --custom-args to hold at most 1 MiB of JSON, but ${cause.message}; is this a data file?`;
      throw new ConfigError('E_CUSTOM_ARGS_INVALID', message, { cause });
    }
    throw new ConfigError(
      'E_FILE_NOT_FOUND',
      `The file ${path} of --custom-args cannot be read: ${messageOf(cause)}.`,
      { cause },
    );
  }
}

/** The login name of the operator; `unknown` in a container without a user database. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

interface InputFile {
  readonly path: string;
  readonly name: string;
}

/** Throws ConfigError E_FILE_NOT_FOUND. What comes from stdin is kept in the spool, named by its digest. */
/** `--input PATH|-`: the file that replaces the source, as a path that a worker on this machine can open. */
async function readInput(context: CommandContext, written: string): Promise<InputFile> {
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
