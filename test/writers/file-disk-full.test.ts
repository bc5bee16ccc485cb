/** The file writer on a disk that is full: a small file system in memory, where root may mount one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { file } from '../../writers/file.ts';
import { noApi, noS3 } from '../support/no-services.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

const MEGABYTE = 1024 * 1024;

function smallDisk(): string | undefined {
  const directory = join(tempDir(), 'disk');
  mkdirSync(directory);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', [directory]);
  });
  return directory;
}

describe('a full disk', () => {
  it.each([
    { name: 'out.jsonl', more: {} },
    { name: 'out.jsonl', more: { keep: 2, feed: true } },
    { name: 'out.parquet', more: {} },
  ])('ends the attempt, and the file before stays: %j', async ({ name, more }) => {
    const disk = smallDisk();
    if (disk === undefined) {
      process.stderr.write('\nSKIPPED: a full disk, because no small file system can be mounted here.\n\n');
      return;
    }
    const { signal } = new AbortController();
    const context = (run: string) => ({
      run,
      job: 'job-a',
      api: noApi,
      buckets: noS3.target,
      signal,
      logger: silentLogger(),
    });
    const path = join(disk, name);
    const args = file.args.parse({ path, ...more });
    const sink = await file.open(args, context('r1'));
    await sink.write([{ id: 'a', text: 'the first' }]);
    await sink.commit();
    await sink.close();
    const before = readFileSync(path);
    const full = await file.open(args, context('r2'));
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 8; i++) {
        const text = Array.from({ length: MEGABYTE / 16 }, (_, j) => (i * MEGABYTE + j * 7919).toString(36)).join(' ');
        await full.write([{ id: `b${String(i)}`, text }]);
      }
      for (let i = 0; i < 20; i++)
        await full.write([{ id: `c${String(i)}`, text: String(Math.random()).repeat(MEGABYTE / 20) }]);
      await full.commit();
    };
    const error = await errorOf(fill());
    expect([error.code, error.kind]).toEqual(['E_DISK_FULL', 'unavailable']);
    await full.close();
    expect(readFileSync(path).equals(before)).toBe(true);
    const parts = readdirSync(disk, { recursive: true }).filter((one) => String(one).endsWith('.part'));
    expect(parts).toEqual([]);
    writeFileSync(join(disk, 'filling'), Buffer.alloc(3.5 * MEGABYTE));
    const early = await errorOf(Promise.resolve(file.preflight?.(args, context('r3'))));
    expect(early.code).toBe('E_DISK_FULL');
  });
});
