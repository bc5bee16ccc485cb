/** Whether a file could be published, without publishing it. */
import { constants } from 'node:fs';
import { access, rm, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UnavailableError } from '../../src/errors.ts';
import { followLinks, openAs } from './keep-file.ts';
import { findOwnFile } from './manifest.ts';
import { newPartPath } from './open-file-sink.ts';
import { onFile } from './to-file-error.ts';

/** With less free space even a small file and its manifest may not fit. */
const LEAST_FREE_BYTES = 1 << 20;

/**
 * Throws ConfigError where the directory is missing or may not be written, or the file is another's. Throws
 * UnavailableError E_DISK_FULL where the disk has no space. Creates a file in the directory and removes it: rights alone
 * do not tell whether a network mount takes it.
 */
export async function preflightFile(target: string, job: string): Promise<void> {
  const path = resolve(target);
  await onFile(path, async () => {
    if (await findOwnFile(path, job)) await access(path, constants.R_OK);
    const place = await followLinks(path);
    const part = newPartPath(place);
    await (await openAs(part, place)).close();
    await rm(part, { force: true });
    const { bavail, bsize } = await statfs(dirname(place));
    if (bavail * bsize < LEAST_FREE_BYTES) {
      throw new UnavailableError(
        'E_DISK_FULL',
        `The disk of ${path} has ${String(bavail * bsize)} bytes left, so nothing can be published there. Free space: the run tries again.`,
        { details: { path } },
      );
    }
  });
}
