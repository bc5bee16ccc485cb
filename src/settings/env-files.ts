/**
 * The files that settings are read from: `.env` in the working directory, the file that `--env-file` names, or the settings
 * file of the service. The environment of the process wins over each of them.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { ConfigError, messageOf } from '../errors.ts';
import { readSmallFileSync } from '../read-small-file.ts';

/** The name in docs/deploy.md. */
const SERVICE_FILE = '/etc/vocab-sync.env';
const MOST_BYTES = 1024 ** 2;

export interface EnvFileOptions {
  /** In place of `.env` and the file of the service. */
  readonly envFile?: string | undefined;
  /** Another path than SERVICE_FILE, for tests. */
  readonly serviceFile?: string;
  /** The command has servers of its own (`dev`, `demo`): the file of the service is not for it. */
  readonly hasOwnServers?: boolean;
}

export interface Variables {
  readonly values: ReadonlyMap<string, string>;
  /** The path of the file that a name was read from; `.env` for that of the working directory. */
  readonly files: ReadonlyMap<string, string>;
  /** Names whose value an unquoted # cut short in a `.env`. */
  readonly cutByComment: ReadonlySet<string>;
  /** Names in the `.env` of the working directory that were not read, because they name code to execute. */
  readonly ignored: readonly string[];
  /** The file of the service where it is there and not used, and why. */
  readonly serviceFile: { readonly path: string; readonly unused: 'unreadable' | 'dev home' } | undefined;
}

/**
 * They name code or programs to execute. A `.env` comes with whatever folder the command is started in, so it cannot
 * decide about them. The environment, `--env-file` and the file of the service can.
 */
const CODE_NAMES = new Set(['VOCAB_SYNC_PLUGINS', 'TEMPORAL_CLI_PATH', 'XDG_CACHE_HOME']);

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Map<string, string>;

/** An empty value counts as unset, as shells and compose files produce it. Throws ConfigError E_SETTINGS_INVALID. */
export function readVariables(env: Environment, cwd: string, options: EnvFileOptions): Variables {
  const own = new Map(Object.entries(env).filter((entry): entry is [string, string] => isGiven(entry[1])));
  if (options.envFile !== undefined) {
    const path = resolve(cwd, options.envFile);
    return { ...merge(own, readServiceFile(path), path), cutByComment: new Set(), ignored: [], serviceFile: undefined };
  }
  const text = existsSync(join(cwd, '.env')) ? readText(join(cwd, '.env')) : '';
  const found = Object.entries(parse(text)).filter(([, value]) => value !== '');
  const ignored = found.map(([name]) => name).filter((name) => CODE_NAMES.has(name) && !own.has(name));
  const local = merge(own, new Map(found.filter(([name]) => !CODE_NAMES.has(name))), '.env');
  const cutByComment = new Set([...cutNames(text)].filter((name) => local.files.has(name)));
  return { ...withServiceFile(local, cwd, options), cutByComment, ignored };
}

/** Read only where nothing nearer says which servers to use: neither a setting nor a `dev` home. */
function withServiceFile(
  local: Merged,
  cwd: string,
  options: EnvFileOptions,
): Omit<Variables, 'cutByComment' | 'ignored'> {
  const path = options.serviceFile ?? SERVICE_FILE;
  const isConfigured = ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE'].some((name) => local.values.has(name));
  if (isConfigured || options.hasOwnServers === true || !existsSync(path)) return { ...local, serviceFile: undefined };
  const home = resolve(cwd, local.values.get('VOCAB_SYNC_HOME') ?? '.vocab-sync');
  if (isDevHome(home)) return { ...local, serviceFile: { path, unused: 'dev home' } };
  if (!isReadable(path)) return { ...local, serviceFile: { path, unused: 'unreadable' } };
  const { values, files } = merge(local.values, readServiceFile(path), path);
  return { values, files: new Map([...files, ...local.files]), serviceFile: undefined };
}

/** Whether servers of vocab-sync have run in this directory, so that their data is there. */
export function isDevHome(home: string): boolean {
  return existsSync(join(home, 'postgres')) || existsSync(join(home, 'servers', 'temporal.json'));
}

interface Merged {
  readonly values: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, string>;
}

function merge(first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>, path: string): Merged {
  const added = [...second].filter(([name]) => !first.has(name));
  return { values: new Map([...added, ...first]), files: new Map(added.map(([name]) => [name, path])) };
}

function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

/** As systemd reads an EnvironmentFile: a # or ; begins a comment only at the start of a line. */
function readServiceFile(path: string): Values {
  const values: Values = new Map();
  for (const line of readText(path).split(/\r?\n/)) {
    const [, name = '', raw = ''] = /^\s*(?:export\s+)?([\w.-]+)\s*=(.*)$/.exec(line) ?? [];
    const value = /^\s*['"`]/.test(raw) ? (parse(line)[name] ?? '') : raw.trim();
    if (name !== '' && value !== '') values.set(name, value);
  }
  return values;
}

function readText(path: string): string {
  try {
    return readSmallFileSync(path, MOST_BYTES).toString('utf8');
  } catch (cause) {
    const message = `Expected ${path} to be a file of settings that can be read: ${messageOf(cause)}. Let this user read it, or move it away.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { cause });
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    // Another user's file: the caller says so where it matters.
    return false;
  }
}

/** A # directly after other characters was meant as one of them. */
function* cutNames(text: string): Generator<string> {
  for (const line of text.split(/\r?\n/)) {
    const found = /^\s*(?:export\s+)?([\w.-]+)\s*[=:]\s*([^'"`\s#][^#]*)?#/.exec(line);
    if (found !== null && !/\s$/.test(found[2] ?? ' ')) yield found[1] ?? '';
  }
}
