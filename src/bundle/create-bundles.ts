/**
 * Download bundles in the spool: files to which one resource after the other is appended, over several attempts and
 * crashes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleService, OpenedBundle } from '../component/services.ts';
import { onDisk } from '../http/disk-errors.ts';
import { PartFile } from '../http/part-file.ts';
import { findSpooled, openSpooled } from '../http/spooled-file.ts';
import { spoolPathsOf } from '../http/spool-paths.ts';
import { takeLock } from '../http/take-lock.ts';
import { appendToBundle } from './append-to-bundle.ts';

/** Download bundles are stored next to the downloads, in the same layout, so that `prune` finds them. */
export function createBundles(spoolDirectory: string): BundleService {
  const directory = join(spoolDirectory, 'downloads');
  return {
    async open(request): Promise<OpenedBundle> {
      const { key, name, signal, onWait } = request;
      const paths = spoolPathsOf(directory, `bundle:${key}`);
      await onDisk(directory, () => mkdir(directory, { recursive: true, mode: 0o700 }));
      const lock = await onDisk(directory, () => takeLock(paths.lock, { signal, onWait: () => onWait?.() }));
      try {
        const record = await findSpooled(paths);
        const complete = record === undefined ? undefined : await openSpooled(paths, record, signal);
        if (complete !== undefined) {
          await lock.release();
          return { complete };
        }
        const part = await PartFile.open(paths, lock, signal);
        return { bundle: await appendToBundle({ part, paths, lock, name, signal }) };
      } catch (error) {
        await lock.release();
        throw error;
      }
    },
  };
}
