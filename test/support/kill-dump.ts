/** A dump that takes long enough to be struck in the middle: a real one where it is there, else our samples many times over. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildZip } from './build-zip.ts';
import { packSampleDumps } from './sample-dumps.ts';
import { sharedData } from './shared-data.ts';

export interface KillDump {
  readonly path: string;
  readonly name: string;
}

const RECORDS = 36_000;
const RELEASE = 'v9.9-2026-12-31-ror-data';
/** Crockford's alphabet, as ROR uses it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export async function killDump(directory: string): Promise<KillDump> {
  const real = sharedData('ror', 'v2.9-2026-06-23-ror-data.zip');
  const path = real ?? (await growSamples(directory));
  return { path, name: basename(path) };
}

/** The bytes of a dump, for a source that serves it. */
export function readDump(dump: KillDump): Buffer {
  return readFileSync(dump.path);
}

async function growSamples(directory: string): Promise<string> {
  const [, sample] = await packSampleDumps(directory);
  const lines = Array.from({ length: RECORDS }, (_, i) => {
    const record = sample.records[i % sample.records.length];
    return JSON.stringify({ ...record, id: `https://ror.org/${makeId(i)}` });
  });
  const path = join(directory, `${RELEASE}.zip`);
  writeFileSync(path, buildZip([{ name: `${RELEASE}.json`, content: `[\n${lines.join(',\n')}\n]`, method: 0 }]));
  return path;
}

/** `09`, five characters to base 32 and two that stand for the checksum: like real ones, all different. */
function makeId(n: number): string {
  let rest = n;
  let body = '';
  for (let i = 0; i < 5; i++) {
    body = `${ALPHABET[rest % 32] ?? '0'}${body}`;
    rest = Math.floor(rest / 32);
  }
  return `09${body}${String(n % 100).padStart(2, '0')}`;
}
