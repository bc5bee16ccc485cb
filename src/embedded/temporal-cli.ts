/**
 * Finds the Temporal CLI, which holds the dev server: TEMPORAL_CLI_PATH, `temporal` on PATH, our cache, the official
 * download, a build through Go. What is configured by hand must work; everything after it is tried in order.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError, messageOf } from '../errors.ts';
import { buildTemporalCli, downloadTemporalCli, type Say } from './install-temporal-cli.ts';
import { archiveFor, OLDEST_SERVER, TEMPORAL_CLI_VERSION } from './temporal-cli-release.ts';

export interface TemporalCli {
  readonly path: string;
  /** Of the server that it holds. */
  readonly serverVersion: string;
  readonly from: 'TEMPORAL_CLI_PATH' | 'PATH' | 'cache' | 'download' | 'go';
}

export interface TemporalCliOptions {
  readonly temporalCliPath: string | undefined;
  /** Ours: `~/.cache/vocab-sync`. */
  readonly cacheDirectory: string;
  readonly say: Say;
  /** False looks only, and downloads or builds nothing. */
  readonly install?: boolean;
}

/** Throws ConfigError E_TEMPORAL_CLI_NOT_FOUND that tells what was tried and how to install it. */
export async function findTemporalCli(options: TemporalCliOptions): Promise<TemporalCli> {
  const { temporalCliPath, cacheDirectory } = options;
  if (temporalCliPath !== undefined) return checkConfigured(temporalCliPath);
  const tried: string[] = [];
  const onPath = await inspect('temporal').catch((error: unknown) => messageOf(error));
  if (typeof onPath !== 'string') return { ...onPath, from: 'PATH' };
  tried.push(`PATH: ${onPath}`);
  const cached = join(cacheDirectory, `temporal-cli-${TEMPORAL_CLI_VERSION}`, 'temporal');
  if (existsSync(cached)) {
    const found = await inspect(cached).catch((error: unknown) => messageOf(error));
    if (typeof found !== 'string') return { ...found, from: 'cache' };
    tried.push(`cache: ${found}`);
  } else tried.push(`cache: ${cached} does not exist`);
  if (options.install !== false) {
    const installed = await install(cached, options.say, tried);
    if (installed !== undefined) return installed;
  }
  throw notFound(tried);
}

async function checkConfigured(path: string): Promise<TemporalCli> {
  try {
    return { ...(await inspect(path)), from: 'TEMPORAL_CLI_PATH' };
  } catch (error) {
    throw new ConfigError(
      'E_TEMPORAL_CLI_NOT_FOUND',
      `TEMPORAL_CLI_PATH must name a Temporal CLI with server ${OLDEST_SERVER} or later, but: ${messageOf(error)}. ` +
        'Correct the setting or remove it.',
      { cause: error },
    );
  }
}

async function inspect(path: string): Promise<{ readonly path: string; readonly serverVersion: string }> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`there is no program ${path}`);
    throw new Error(`${path} --version failed: ${messageOf(error)}`, { cause: error });
  });
  const serverVersion = /server (\d+\.\d+\.\d+)/i.exec(stdout)?.[1];
  if (serverVersion === undefined) throw new Error(`${path} --version printed "${stdout.split('\n', 1)[0] ?? ''}"`);
  if (serverVersion.localeCompare(OLDEST_SERVER, 'en', { numeric: true }) < 0) {
    throw new Error(`${path} holds server ${serverVersion}, and ${OLDEST_SERVER} or later is needed`);
  }
  return { path, serverVersion };
}

async function install(target: string, say: Say, tried: string[]): Promise<TemporalCli | undefined> {
  const archive = archiveFor(process.platform, process.arch);
  const ways = [
    {
      from: 'download',
      announcement: `Looking for the Temporal CLI ${TEMPORAL_CLI_VERSION} on its download site (once; about 60 MB).`,
      run: async () => {
        if (archive === undefined) throw new Error(`no digest is pinned for ${process.platform}-${process.arch}`);
        await downloadTemporalCli(archive, target, say);
      },
    },
    {
      from: 'go',
      announcement: `Building the Temporal CLI ${TEMPORAL_CLI_VERSION} with Go (once; about 3 minutes on two cores, 3 GB of disk).`,
      run: () => buildTemporalCli(target, say),
    },
  ] as const;
  for (const { from, announcement, run } of ways) {
    const started = Date.now();
    say(announcement);
    try {
      await run();
      const found = await inspect(target);
      say(`The Temporal CLI is ready after ${String(Math.round((Date.now() - started) / 1000))} s: ${target}`);
      return { ...found, from };
    } catch (error) {
      const reason = describeFailure(from, error);
      say(`That did not work: ${reason}`);
      tried.push(`${from}: ${reason}`);
    }
  }
  return undefined;
}

function describeFailure(from: string, error: unknown): string {
  const missing = error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT';
  return missing && from === 'go' ? 'there is no program `go` on PATH' : messageOf(error);
}

function notFound(tried: readonly string[]): ConfigError {
  return new ConfigError(
    'E_TEMPORAL_CLI_NOT_FOUND',
    `A Temporal CLI with server ${OLDEST_SERVER} or later was not found:\n${tried.map((line) => `  ${line}`).join('\n')}\n` +
      'Install it (macOS: `brew install temporal`; others: https://docs.temporal.io/cli#install) so that `temporal` is on ' +
      'PATH or TEMPORAL_CLI_PATH names it, or set TEMPORAL_ADDRESS to a Temporal server of your own.',
    { details: { tried } },
  );
}
