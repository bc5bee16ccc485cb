import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/component/resource.ts';
import { SourceError } from '../../src/errors.ts';
import { createSpool } from '../../src/spool/create-spool.ts';
import { hashFile } from '../../src/spool/hash-file.ts';
import { bytesResource, errorOf } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';

const { signal } = new AbortController();

describe('createSpool', () => {
  it('gives a file with the bytes of a resource until it is released', async () => {
    const file = await createSpool(tempDir()).materialise(bytesResource('some bytes', [3]), signal);
    expect(readFileSync(file.path, 'utf8')).toBe('some bytes');
    await file.release();
    await file.release();
    expect(existsSync(file.path)).toBe(false);
  });

  it('leaves nothing when the resource breaks or the run is aborted', async () => {
    const directory = tempDir();
    const broken = new SourceError('E_SOURCE_CHANGED', 'It changed.');
    const resource: Resource = {
      name: 'broken',
      // eslint-disable-next-line @typescript-eslint/require-await -- a stream that breaks in the middle
      async *stream() {
        yield Buffer.from('x');
        throw broken;
      },
    };
    expect(await errorOf(createSpool(directory).materialise(resource, signal))).toBe(broken);
    const reason = new Error('stop');
    const aborted = createSpool(directory).materialise(bytesResource('x'), AbortSignal.abort(reason));
    await expect(aborted).rejects.toBe(reason);
    expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
  });

  it('never takes the name of a resource for a path', async () => {
    const directory = tempDir();
    const file = await createSpool(directory).materialise(bytesResource('x', [1], '../../escaped'), signal);
    expect(file.path.startsWith(join(directory, 'tmp'))).toBe(true);
  });

  it('says which setting to change when the spool cannot be a directory', async () => {
    const path = join(tempDir(), 'file');
    writeFileSync(path, '');
    const error = await errorOf(createSpool(path).materialise(bytesResource('x'), signal));
    expect([error.code, error.message]).toEqual([
      'E_SETTINGS_INVALID',
      expect.stringContaining('VOCAB_SYNC_SPOOL') as string,
    ]);
  });

  // /dev/full is a device that answers every write with "no space left".
  it.skipIf(!existsSync('/dev/full'))('says that the disk is full, and asks to try again', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'tmp'));
    const full = { ...bytesResource('x'), stream: () => failingWrite() };
    const error = await errorOf(createSpool(directory).materialise(full, signal));
    expect([error.code, error.kind]).toEqual(['E_DISK_FULL', 'unavailable']);
  });
});

/** The error that the operating system gives for a full disk, from a real write. */
// eslint-disable-next-line @typescript-eslint/require-await -- fails before its first chunk
async function* failingWrite(): AsyncGenerator<Buffer, void, undefined> {
  writeFileSync('/dev/full', 'x');
}

describe('hashFile', () => {
  it('stops when it is aborted', async () => {
    const path = join(tempDir(), 'file');
    writeFileSync(path, 'x'.repeat(1000));
    const reason = new Error('stop');
    await expect(hashFile(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
