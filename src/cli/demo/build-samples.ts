/**
 * Packs the sample dumps of config/samples into zips as ROR publishes them. Run by `npm run build`; the same bytes each
 * time.
 */
import { createWriteStream, realpathSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { findPackageRoot } from '../../job/package-root.ts';

/** One zip in `outDir` for each release, oldest first. */
export async function buildSamples(outDir: string): Promise<string[]> {
  const samples = join(findPackageRoot(), 'config', 'samples', 'ror');
  await mkdir(outDir, { recursive: true });
  const releases = (await readdir(samples)).sort();
  const paths: string[] = [];
  for (const release of releases) {
    const path = join(outDir, `${release}.zip`);
    await packRelease(join(samples, release), release, path);
    paths.push(path);
  }
  return paths;
}

/** Returns the directory in which `npm run build` puts them. */
export function samplesFolder(): string {
  return join(findPackageRoot(), 'dist', 'samples');
}

/** The JSON first, as in ROR's own. */
async function packRelease(folder: string, release: string, path: string): Promise<void> {
  const zip = new ZipFile();
  for (const name of [`${release}.json`, `${release}.csv`]) {
    zip.addBuffer(await readFile(join(folder, name)), name, { mtime: releaseDay(release), compressionLevel: 9 });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

/** A zip has local times: the parts are taken apart so that every time zone packs the same. */
function releaseDay(release: string): Date {
  const [year, month, day] = (/\d{4}-\d\d-\d\d/.exec(release)?.[0] ?? '1980-01-01').split('-').map(Number);
  return new Date(year ?? 1980, (month ?? 1) - 1, day ?? 1, 14);
}

const started = process.argv[1];
if (started !== undefined && realpathSync(started) === import.meta.filename) await buildSamples(samplesFolder());
