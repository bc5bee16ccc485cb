/**
 * The key that proves who started a run: from a file of the settings, or created in the home if Temporal is embedded.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, messageOf } from '../../errors.ts';
import type { Admission } from '../../pipeline/resolve/admit-run.ts';
import type { RunRequest } from '../../records/run.ts';
import { signRun } from '../../records/run-signature.ts';
import type { Settings } from '../../settings.ts';

export type SignRun = (workflowId: string, request: RunRequest) => string;

type KeySettings = Pick<Settings, 'temporal' | 'home' | 'runKeyFile' | 'runsMayBring'>;

const KEY_BYTES = 32;
const LEAST_CHARACTERS = 32;
const MOST_BYTES = 64 * 1024;

/**
 * Returns what a worker with these settings admits. Throws ConfigError E_SETTINGS_INVALID where the key cannot be used.
 */
export function admissionOf(settings: KeySettings): Admission {
  const key = loadRunKey(settings);
  const mayBring = settings.runsMayBring ?? (key === undefined ? 'anything' : 'signed');
  if (mayBring !== 'signed') return { mayBring };
  if (key !== undefined) return { mayBring, key };
  throw new ConfigError(
    'E_SETTINGS_INVALID',
    'VOCAB_SYNC_RUNS_MAY_BRING is "signed", but there is no key to check signatures with. ' +
      'Set VOCAB_SYNC_RUN_KEY_FILE to a file with a random text, for example from `openssl rand -hex 32`.',
  );
}

/** Undefined where there is no key: requests are then sent without a signature. */
export function signerOf(settings: KeySettings): SignRun | undefined {
  const key = loadRunKey(settings);
  return key === undefined ? undefined : (workflowId, request) => signRun(key, workflowId, request);
}

function loadRunKey({ runKeyFile, temporal, home }: KeySettings): Buffer | undefined {
  if (runKeyFile !== undefined) return readKey(runKeyFile);
  return temporal === undefined ? readKey(ensureHomeKey(home)) : undefined;
}

/** Made once, also when several commands begin at once. */
function ensureHomeKey(home: string): string {
  const path = join(home, 'run-key');
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const draft = join(home, `run-key.${randomUUID()}`);
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    // Unlike a rename this never replaces the key that another command made meanwhile.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return path;
}

function readKey(path: string): Buffer {
  let text: string;
  try {
    const { size } = requireFile(path);
    if (size > MOST_BYTES) throw new Error(`it has ${String(size)} bytes`);
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const message = `The key of runs ${path} cannot be read: ${messageOf(cause)}. Expected a file with a random text of at least ${String(LEAST_CHARACTERS)} characters.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { cause, details: { path } });
  }
  if (text.length >= LEAST_CHARACTERS) return Buffer.from(text);
  throw new ConfigError(
    'E_SETTINGS_INVALID',
    `The key of runs ${path} has ${String(text.length)} characters, expected at least ${String(LEAST_CHARACTERS)}. Write a random text into it, for example from \`openssl rand -hex 32\`.`,
    { details: { path } },
  );
}

function requireFile(path: string): { readonly size: number } {
  const found = statSync(path);
  if (found.isFile()) return found;
  throw new Error('it is not a regular file');
}
