/** Dumps as they should not come, made of a real one: what an operator has to see in the Web UI. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildZip } from '../support/build-zip.ts';
import { readZipJson } from '../support/read-zip-json.ts';

export interface BadDumps {
  /** Three records without what a record needs. */
  readonly damaged: string;
  /** Only the first third of the records. */
  readonly third: string;
  /** The page of an error, under the name of a dump. */
  readonly page: string;
}

export async function makeBadDumps(dump: string, directory: string): Promise<BadDumps> {
  const member = basename(dump).replace(/\.zip$/, '.json');
  const records = await readZipJson(dump, '-ror-data.json');
  const write = (label: string, content: Buffer): string => {
    const path = join(directory, basename(dump).replace(/\.zip$/, `-${label}.zip`));
    writeFileSync(path, content);
    return path;
  };
  const zipOf = (written: readonly object[]): Buffer =>
    buildZip([{ name: member, content: JSON.stringify(written, null, 1) }]);
  return {
    damaged: write('damaged', zipOf(records.map(damage))),
    third: write('third', zipOf(records.slice(0, Math.floor(records.length / 3)))),
    page: write('page', Buffer.from('<!DOCTYPE html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>\n')),
  };
}

function damage(record: Readonly<Record<string, unknown>>, index: number): Readonly<Record<string, unknown>> {
  if (index === 1000) return { ...record, names: 'University of Somewhere' };
  if (index === 2000) return { ...record, names: [] };
  if (index === 3000) return { ...record, locations: null };
  return record;
}
