/** The manifest beside a published file: what it holds, so that a reader can check it, and whose it is. */
import { lstat, readFile, stat } from 'node:fs/promises';
import { ConfigError } from '../../src/errors.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import type { FileFormat } from './create-encoder.ts';
import { codeOf } from './to-file-error.ts';

const MADE_BY = 'vocab-sync';

export interface Manifest {
  readonly file: string;
  readonly format: FileFormat;
  readonly records: number;
  readonly bytes: number;
  /** 64 hex digits, of the file. */
  readonly sha256: string;
  readonly job: string;
  readonly run: string;
  readonly written_at: string;
}

export function manifestPath(path: string): string {
  return `${path}.manifest.json`;
}

export function toManifestText(manifest: Manifest): string {
  return `${JSON.stringify({ made_by: MADE_BY, ...manifest }, null, 2)}\n`;
}

/**
 * Whether a file of this job is there already. Throws ConfigError E_TARGET_CONFLICT for anything else at the path: a
 * directory, a file without our manifest, a file of another job.
 */
export async function findOwnFile(path: string, job: string): Promise<boolean> {
  const found = await statOrNothing(path);
  if (found === undefined) return false;
  if (!found.isFile()) throw conflict(path, 'it is not a file');
  const manifest = await readManifest(path);
  if (manifest?.['made_by'] !== MADE_BY) throw conflict(path, 'it has no manifest of vocab-sync beside it');
  if (manifest['job'] !== job)
    throw conflict(path, `its manifest says that it belongs to ${describeJob(manifest['job'])}`);
  if (found.size > 0 && found.size !== manifest['bytes'] && (await lstat(path)).isSymbolicLink()) {
    throw conflict(path, 'it is a symbolic link to a file that is not the one in its manifest');
  }
  return true;
}

async function statOrNothing(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined if there is none, or it is not a JSON object. */
export async function readManifest(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  let text: string;
  try {
    text = await readFile(manifestPath(path), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const manifest: unknown = JSON.parse(text);
    return isJsonObject(manifest) ? manifest : undefined;
  } catch {
    // Not JSON: then it is not ours, and the caller says so.
    return undefined;
  }
}

function conflict(path: string, why: string): ConfigError {
  return new ConfigError(
    'E_TARGET_CONFLICT',
    `Expected no file, or one that this job published before, at ${path}: ${why}. ` +
      'Move it away together with its manifest, or choose another "path" in the args of the file writer.',
    { details: { path } },
  );
}

function describeJob(job: unknown): string {
  return typeof job === 'string' ? `the job "${job}"` : 'no job';
}
