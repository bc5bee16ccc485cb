/** The record schemas of config/records, compiled when a task first needs one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { findPackageRoot } from '../job/package-root.ts';
import type { RecordCheck } from '../pipeline/transform-items.ts';

export function createRecordChecks(
  directory = join(findPackageRoot(), 'config', 'records'),
): (vocabulary: string) => RecordCheck | undefined {
  const made = new Map<string, RecordCheck | undefined>();
  return (vocabulary) => {
    if (!made.has(vocabulary)) made.set(vocabulary, loadCheck(join(directory, `${vocabulary}.json`)));
    return made.get(vocabulary);
  };
}

function loadCheck(path: string): RecordCheck | undefined {
  if (!existsSync(path)) return undefined;
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
  formats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object);
  return (record) => (validate(record) ? undefined : describeFirst(validate));
}

function describeFirst({ errors }: ValidateFunction): string {
  const [first] = errors ?? [];
  if (first === undefined) return 'The record does not fit its schema.';
  return `Expected ${first.instancePath === '' ? 'the record' : first.instancePath} to fit its schema, but it ${describe(first)}.`;
}

function describe({ message, params }: ErrorObject): string {
  const extra: unknown = params['additionalProperty'];
  return `${message ?? 'does not'}${typeof extra === 'string' ? ` (found "${extra.slice(0, 60)}")` : ''}`;
}
