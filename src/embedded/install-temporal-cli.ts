/** Two ways to get the pinned release into the cache. Each leaves the whole program there or nothing. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../errors.ts';
import { childEnvironment } from '../settings.ts';
import { GO_MODULE, type CliArchive } from './temporal-cli-release.ts';

const ANSWER_MILLISECONDS = 15_000;
const DOWNLOAD_MILLISECONDS = 15 * 60_000;
const PROGRESS_MILLISECONDS = 15_000;

/** Prints one line for people. */
export type Say = (line: string) => void;

/** The official archive, checked against its pinned digest before anything of it is used. */
export async function downloadTemporalCli(archive: CliArchive, target: string, say: Say): Promise<void> {
  await inTemporaryDirectory(target, async (directory) => {
    const file = join(directory, 'temporal.tar.gz');
    await fetchTo(archive.url, file, say);
    const found = await sha256Of(file);
    if (found !== archive.sha256) {
      throw new Error(`the download has SHA-256 ${found}, but ${archive.sha256} was expected; it was refused`);
    }
    await runQuietly('tar', ['-xzf', file, '-C', directory, 'temporal']);
    renameSync(join(directory, 'temporal'), target);
  });
}

/** Measured on two cores with cold caches: 3 minutes, 1.9 GB of memory, 3 GB of disk for Go's own caches. */
export async function buildTemporalCli(target: string, say: Say): Promise<void> {
  await inTemporaryDirectory(target, async (directory) => {
    const started = Date.now();
    const ticker = setInterval(() => {
      say(`Still building the Temporal CLI, ${String(Math.round((Date.now() - started) / 1000))} s so far.`);
    }, PROGRESS_MILLISECONDS);
    try {
      await runQuietly('go', ['install', GO_MODULE], childEnvironment({ GOBIN: directory }));
    } finally {
      clearInterval(ticker);
    }
    renameSync(join(directory, 'temporal'), target);
  });
}

/** In the same directory as the target, so that the rename is atomic and two installations at once do not collide. */
async function inTemporaryDirectory(target: string, work: (directory: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const directory = mkdtempSync(`${target}.`);
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function fetchTo(url: string, file: string, say: Say): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort(new Error(`no answer within ${String(ANSWER_MILLISECONDS / 1000)} s`));
  }, ANSWER_MILLISECONDS);
  const answer = await fetch(url, {
    signal: AbortSignal.any([abort.signal, AbortSignal.timeout(DOWNLOAD_MILLISECONDS)]),
  })
    .catch((error: unknown) => {
      const cause = error instanceof Error ? error.cause : undefined;
      throw new Error(`${url} cannot be reached: ${messageOf(cause ?? error)}`, { cause: error });
    })
    .finally(() => {
      clearTimeout(timer);
    });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered with status ${String(answer.status)}`);
  const megabytes = Math.round(Number(answer.headers.get('content-length') ?? 0) / 1e6);
  say(`Downloading ${String(megabytes)} MB from ${url}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(file));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Throws with the end of the output when the program fails or is missing. */
async function runQuietly(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], ...(env === undefined ? {} : { env }) });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    const end = output.trim().split('\n').slice(-5).join('\n  ');
    throw new Error(`\`${[command, ...args].join(' ')}\` ended with exit code ${String(code)}:\n  ${end}`);
  }
}
