/** Whether a published file is still the one that was published. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { manifestPath, readManifest } from './manifest.ts';
import { codeOf, onFile } from './to-file-error.ts';

/** Clocks of file systems are coarse, and the manifest is dated after the last write. */
const CLOCK_SLACK_MS = 2_000;

/**
 * Returns what is wrong, as a sentence without its full stop, or undefined. The content is read only if the file was
 * written after its manifest: otherwise its size decides.
 */
export async function inspectFile(target: string): Promise<string | undefined> {
  const path = resolve(target);
  return onFile(path, async () => {
    const found = await statOrNothing(path);
    if (found === undefined) return `the file ${path} is gone`;
    const manifest = await readManifest(path);
    if (manifest === undefined) return `the manifest ${manifestPath(path)} is gone or is not JSON`;
    const { bytes, sha256, written_at: writtenAt } = manifest;
    if (found.size !== bytes) {
      return `the file ${path} has ${String(found.size)} bytes, but ${String(bytes)} were published`;
    }
    const written = typeof writtenAt === 'string' ? Date.parse(writtenAt) : Number.NaN;
    if (found.mtimeMs <= written + CLOCK_SLACK_MS) return undefined;
    return (await sha256Of(path)) === sha256 ? undefined : `the content of the file ${path} was changed`;
  });
}

async function statOrNothing(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
