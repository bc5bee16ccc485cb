/**
 * Decides which files a job may name: for its readers, writers, tables, schemas and secrets. A process has one set of rules,
 * set from its settings before anything is opened. Symbolic links are resolved, so a link inside an allowed folder does
 * not lead out of it. A hard link looks like a file.
 */
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';
import { ConfigError } from './errors.ts';

export interface FileRules {
  /** Empty: any folder. */
  readonly folders: readonly string[];
  /** Allowed besides `folders`. */
  readonly always: readonly string[];
  /** Refused even within an allowed folder. */
  readonly never: readonly string[];
}

const ANYWHERE: FileRules = { folders: [], always: [], never: [] };
let rules = ANYWHERE;

/** Without rules: any file. */
export function limitFiles(next: FileRules = ANYWHERE): void {
  rules = next;
}

/** Throws ConfigError E_FILE_NOT_ALLOWED. Whether the file exists is not looked at; `path` may be relative. */
export function requireAllowedFile(path: string): void {
  if (rules === ANYWHERE) return;
  // Some callers take "a/../b" for "b" before they open it. Where `a` is a link, both places have to be allowed.
  for (const place of new Set([realPlace(path), realPlace(resolve(path))])) requireAllowedPlace(place, path);
}

function requireAllowedPlace(place: string, path: string): void {
  const isIn = (folder: string): boolean => isInside(place, realPlace(folder));
  if (rules.never.some(isIn)) {
    const message = `The file ${path} belongs to vocab-sync itself: it holds its passwords, keys or state. A job cannot use it.`;
    throw new ConfigError('E_FILE_NOT_ALLOWED', message, { details: { path } });
  }
  if (rules.folders.length === 0 || rules.folders.some(isIn) || rules.always.some(isIn)) return;
  const leads = place === resolve(path) ? '' : `, which is ${place}`;
  const message = `The file ${path}${leads}, is outside of the folders that jobs may use (${rules.folders.join(', ')}). Move it there, or add its folder to VOCAB_SYNC_FOLDERS of the worker.`;
  throw new ConfigError('E_FILE_NOT_ALLOWED', message, { details: { path, place, folders: rules.folders } });
}

/**
 * Where the path leads, with links resolved name by name, as the operating system does it: ".." after a link leads to the
 * parent of its target. Names that do not exist yet stay as they are.
 */
function realPlace(path: string): string {
  const absolute = isAbsolute(path) ? path : `${process.cwd()}${sep}${path}`;
  const { root } = parse(absolute);
  let place = root;
  for (const name of absolute.slice(root.length).split(sep)) {
    if (name === '' || name === '.') continue;
    place = name === '..' ? dirname(place) : withoutLink(join(place, name));
  }
  return place;
}

function withoutLink(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isInside(place: string, folder: string): boolean {
  return place === folder || place.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
