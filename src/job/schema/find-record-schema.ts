/** The files of config/records, for code that compares record schemas without compiling them. */
import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from '../package-root.ts';

const VOCABULARY = /^[a-z][a-z0-9-]*$/;

/** Returns the path of the record schema, or undefined if the vocabulary has none. */
export function findRecordSchema(vocabulary: string): string | undefined {
  if (!VOCABULARY.test(vocabulary)) return undefined;
  const path = join(findPackageRoot(), 'config', 'records', `${vocabulary}.json`);
  return existsSync(path) ? path : undefined;
}

/** 64 hex digits of the SHA-256 of its file; null where the vocabulary has no schema. */
export function recordSchemaDigest(vocabulary: string): string | null {
  const path = findRecordSchema(vocabulary);
  return path === undefined ? null : hash('sha256', readFileSync(path), 'hex');
}
