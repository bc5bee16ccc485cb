/** A shipped job as it is shipped, but for its name, its table, the address of its source, and guards that ask for a whole dump. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageRoot } from '../../src/job/package-root.ts';
import type { ServedJob } from '../support/served-job.ts';
import type { ShippedSource } from './shipped-sources.ts';

interface ComponentConfig {
  readonly type: string;
  readonly args?: object;
}

interface JobConfig {
  readonly readers: readonly ComponentConfig[];
  readonly transformers?: readonly ComponentConfig[];
  readonly writers: readonly ComponentConfig[];
  readonly [key: string]: unknown;
}

export function shippedConfig(source: ShippedSource, served: ServedJob, id: string): JobConfig {
  const path = join(findPackageRoot(), 'config', 'jobs', `${source.job}.json`);
  const shipped = JSON.parse(readFileSync(path, 'utf8')) as JobConfig;
  const [first, ...others] = shipped.readers;
  return {
    ...shipped,
    ...served.config,
    id,
    readers: [{ ...first, type: first?.type ?? '', args: { ...first?.args, ...served.args } }, ...others],
    transformers: (shipped.transformers ?? []).map((one) => ({ ...one, args: { ...one.args, ...source.mapping } })),
    // Without its layer: what the source gives is to be seen whole.
    writers: shipped.writers.map(({ type, args }) => ({ type, args: { ...args, table: tableOf(id) } })),
    guards: {},
  };
}

export function tableOf(id: string): string {
  return id.replaceAll(/[^a-z0-9]/g, '_');
}
