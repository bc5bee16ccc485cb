/** Complete files of the spool, found again by the address that gave them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Download } from '../component/download.ts';
import { completePathOf, type SpoolPaths } from './spool-paths.ts';

const recordSchema = z.object({
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  sha256: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  md5: z.string(),
  bytes: z.number(),
  name: z.string().regex(/^[^/\\]+$/),
});

/** The content of `<key>.json`. */
export type SpoolRecord = z.infer<typeof recordSchema>;

/** The file that this address gave last, if it is still there with its size. */
export async function findSpooled(paths: SpoolPaths): Promise<SpoolRecord | undefined> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(paths.record, 'utf8')));
    const found = await stat(completePathOf(paths.directory, record.sha256, record.name));
    return found.size === record.bytes ? record : undefined;
  } catch {
    // No record, a damaged one, or the file was pruned: it is downloaded again.
    return undefined;
  }
}

/**
 * Returns the file after reading it again, because disks can damage a spool. If it is damaged, removes it and returns
 * undefined.
 */
export async function openSpooled(
  paths: SpoolPaths,
  record: SpoolRecord,
  signal: AbortSignal,
): Promise<Download | undefined> {
  const path = completePathOf(paths.directory, record.sha256, record.name);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
    hash.update(chunk as Buffer);
  if (`sha256:${hash.digest('hex')}` === record.sha256) return { path, bytes: record.bytes, digest: record.sha256 };
  await rm(path, { force: true });
  return undefined;
}
