import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createBundles } from '../../src/bundle/create-bundles.ts';
import type { Download } from '../../src/component/download.ts';
import type { Bundle } from '../../src/component/services.ts';
import { readBundle } from '../../src/formats/tar/read-bundle.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { contentOf, testContext } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';

const signal = new AbortController().signal;

async function openBundle(directory: string, key = 'key'): Promise<Bundle> {
  const opened = await createBundles(directory).open({ key, name: 'records.tar', signal });
  if ('complete' in opened) throw new Error('the bundle is complete');
  return opened.bundle;
}

async function read(download: Download, from = 0): Promise<[number, string, string][]> {
  const found: [number, string, string][] = [];
  const input = fileResource({ name: 'records.tar', ...download });
  for await (const { position, resource, failure } of readBundle(input, testContext({ from }))) {
    found.push([position, resource.name, failure?.message ?? String(await contentOf(resource))]);
  }
  return found;
}

function partOf(directory: string): string {
  const name = readdirSync(join(directory, 'downloads')).find((file) => file.endsWith('.part'));
  return join(directory, 'downloads', name ?? '');
}

describe('a bundle', () => {
  it('gives what was put into it, in order, from any place', async () => {
    const bundle = await openBundle(tempDir());
    const large = 'x'.repeat(2 * 1024 * 1024);
    await bundle.add('a.xml', Buffer.from('<a/>'));
    await bundle.fail('b.xml', { message: 'It is gone: "404".' });
    await bundle.add('c.xml', Buffer.from(large));
    await bundle.add('d.xml', Buffer.alloc(0));
    const download = await bundle.complete();
    const all: [number, string, string][] = [
      [0, 'a.xml', '<a/>'],
      [1, 'b.xml', 'It is gone: "404".'],
      [2, 'c.xml', large],
      [3, 'd.xml', ''],
    ];
    expect(await read(download)).toEqual(all);
    expect(await read(download, 2)).toEqual(all.slice(2));
  });

  it('goes on behind what an attempt before had put into it', async () => {
    const directory = tempDir();
    const first = await openBundle(directory);
    await first.add('a', Buffer.from('1'));
    await first.fail('b', { message: 'gone' });
    await first.close();
    const second = await openBundle(directory);
    expect(second.count).toBe(2);
    await second.add('c', Buffer.from('3'));
    expect((await read(await second.complete())).map(([, name]) => name)).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['half a header', Buffer.from('c.xml')],
    ['half a member', 'half'],
    ['noise', Buffer.alloc(5000, 7)],
  ])('cuts off %s that a crash left behind', async (_, torn) => {
    const directory = tempDir();
    const whole = await openBundle(directory);
    await whole.add('a', Buffer.from('1'));
    await whole.add('b', Buffer.from('2'));
    await whole.close();
    const part = partOf(directory);
    appendFileSync(part, torn === 'half' ? readFileSync(part).subarray(0, 513) : torn);
    const bundle = await openBundle(directory);
    expect(bundle.count).toBe(2);
    await bundle.add('c', Buffer.from('3'));
    expect(await read(await bundle.complete())).toEqual([
      [0, 'a', '1'],
      [1, 'b', '2'],
      [2, 'c', '3'],
    ]);
  });

  it('is found again when it is complete, and only under its key', async () => {
    const directory = tempDir();
    const bundle = await openBundle(directory);
    await bundle.add('a', Buffer.from('1'));
    const complete = await bundle.complete();
    expect(await createBundles(directory).open({ key: 'key', name: 'records.tar', signal })).toEqual({ complete });
    const other = await openBundle(directory, 'another key');
    expect(other.count).toBe(0);
    await other.close();
  });

  it('has the same bytes whenever it holds the same', async () => {
    const digests = [];
    for (const key of ['one', 'two']) {
      const bundle = await openBundle(tempDir(), key);
      await bundle.add('a', Buffer.from('1'));
      digests.push((await bundle.complete()).digest);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it('may be empty', async () => {
    const bundle = await openBundle(tempDir());
    expect(await read(await bundle.complete())).toEqual([]);
  });

  it('is written by one at a time', async () => {
    const directory = tempDir();
    const first = await openBundle(directory);
    let waited = 0;
    const second = createBundles(directory).open({ key: 'key', name: 'records.tar', signal, onWait: () => waited++ });
    await vi.waitFor(() => {
      expect(waited).toBeGreaterThan(0);
    });
    await first.add('a', Buffer.from('1'));
    const complete = await first.complete();
    expect(await second).toEqual({ complete });
  });
});
