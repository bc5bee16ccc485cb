/** The sample dumps of config/samples, packed for tests. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSamples } from '../../src/cli/demo/build-samples.ts';

export interface SampleDump {
  /** The path of the zip. */
  readonly path: string;
  /** `sample-v0.1-2026-06-02-ror-data` */
  readonly release: string;
  /** The parsed JSON member. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** Packs them into `directory`; the older one first. */
export async function packSampleDumps(directory: string): Promise<readonly [SampleDump, SampleDump]> {
  const [first, second] = (await buildSamples(directory)).map(readSample);
  if (first === undefined || second === undefined) throw new Error('there are not two sample dumps');
  return [first, second];
}

function readSample(path: string): SampleDump {
  const release = basename(path, '.zip');
  const json = join(import.meta.dirname, '../../config/samples/ror', release, `${release}.json`);
  return { path, release, records: JSON.parse(readFileSync(json, 'utf8')) as SampleDump['records'] };
}
