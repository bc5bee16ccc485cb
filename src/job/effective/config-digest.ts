/** Digests the content of a job file: another layout of the same JSON is the same version. */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../records/json-object.ts';

export function configDigest(config: string): string {
  return `sha256:${hash('sha256', canonicalJson(JSON.parse(config)), 'hex')}`;
}
