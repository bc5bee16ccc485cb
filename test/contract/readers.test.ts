/** What every registered reader keeps to, whatever it reads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { readers } from '../../readers/index.ts';
import type { ContainerReader, ParserReader } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { buildZip } from '../support/build-zip.ts';
import { openFiles } from '../support/open-files.ts';
import { contentOf, readMembers, readRecords, testContext } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';
import { fileResource } from '../../src/spool/file-resource.ts';

const values = Array.from({ length: 5000 }, (_, i) => ({ i, text: 'some text '.repeat(20) }));

/** A good file for each reader that takes bytes. A new reader without one fails here. */
const samples: Readonly<Record<string, () => string | Buffer>> = {
  zip: () => buildZip(['a.json', 'b.json', 'c.json'].map((name) => ({ name, content: JSON.stringify(values) }))),
  gzip: () => gzipSync(JSON.stringify(values)),
  json: () => JSON.stringify(values, null, 2),
  jsonl: () => values.map((value) => JSON.stringify(value)).join('\n'),
};

function sampleOf(type: string): { directory: string; resource: Resource } {
  const content = samples[type]?.();
  if (content === undefined) throw new Error(`test/contract/readers.test.ts has no sample for the reader ${type}`);
  const directory = tempDir();
  const path = join(directory, `sample.${type}`);
  writeFileSync(path, content);
  const bytes = Buffer.byteLength(content);
  return { directory, resource: fileResource({ name: `sample.${type}`, path, bytes, digest: '' }) };
}

describe.each(readers.map((reader) => [reader.type, reader] as const))('reader %s', (type, reader) => {
  it('has a complete spec', () => {
    expect(type).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect(reader.version).toBeGreaterThanOrEqual(1);
    expect(reader.summary).toMatch(/^[A-Z].{9,99}[^.]$/);
    expect(reader.description ?? '').toMatch(/\.$/);
    expect(reader.examples.length).toBeGreaterThan(0);
    for (const { title, args } of reader.examples) {
      expect(title).not.toBe('');
      expect(reader.args.safeParse(args).error).toBeUndefined();
    }
  });

  it('refuses an argument that it does not know', () => {
    const [example] = reader.examples;
    const args = { ...(example?.args as object), no_such_argument: 1 };
    expect(reader.args.safeParse(args).error?.issues).toMatchObject([{ code: 'unrecognized_keys' }]);
  });

  it('describes its arguments for editors, each with a sentence', () => {
    const schema = z.toJSONSchema(reader.args, { io: 'input' }) as {
      additionalProperties?: unknown;
      properties?: Record<string, { description?: string }>;
    };
    expect(schema.additionalProperties).toBe(false);
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      expect(key).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      expect([key, property.description]).toEqual([key, expect.stringMatching(/^[A-Z].*\.$/s)]);
    }
  });
});

const containers = readers.filter(
  (reader): reader is ContainerReader => reader.accepts === 'bytes' && reader.emits === 'bytes',
);
const parsers = readers.filter((reader): reader is ParserReader => reader.emits === 'records');

describe.each(containers.map((reader) => [reader.type, reader] as const))('container %s', (type, reader) => {
  it('gives rising positions, names, and the same bytes each time', async () => {
    const { directory, resource } = sampleOf(type);
    const members = await readMembers(reader, resource);
    expect(members.length).toBeGreaterThan(0);
    expect(members.map(({ position }) => position)).toEqual(members.map((_, i) => i));
    for (const member of members) {
      const content = await contentOf(member.resource);
      expect(member.resource.name).not.toBe('');
      expect(JSON.parse(String(content))).toEqual(values);
      expect(member.resource.bytes ?? content.length).toBe(content.length);
      // Not toEqual: it compares a megabyte of bytes one by one, in seconds.
      expect(content.equals(await contentOf(member.resource))).toBe(true);
    }
    expect(openFiles(directory)).toEqual([]);
  });

  it('may begin in the middle', async () => {
    const { resource } = sampleOf(type);
    const all = (await readMembers(reader, resource)).map(({ position }) => position);
    for (const from of [1, 2, 99]) {
      const rest = await readMembers(reader, resource, {}, testContext({ from }));
      const positions = rest.map(({ position }) => position).filter((position) => position >= from);
      expect(positions).toEqual(all.filter((position) => position >= from));
    }
  });

  it('closes its files when a member is left in the middle, and when it is itself', async () => {
    const { directory, resource } = sampleOf(type);
    for await (const member of reader.read(resource, reader.args.parse({}), testContext())) {
      for await (const chunk of member.resource.stream()) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      break;
    }
    await vi.waitFor(() => {
      expect(openFiles(directory)).toEqual([]);
    });
  });

  it('stops when it is aborted', async () => {
    const { directory, resource } = sampleOf(type);
    const reason = new Error('stop');
    const read = readMembers(reader, resource, {}, testContext({ signal: AbortSignal.abort(reason) }));
    await expect(read).rejects.toBe(reason);
    expect(openFiles(directory)).toEqual([]);
  });
});

describe.each(parsers.map((reader) => [reader.type, reader] as const))('parser %s', (type, reader) => {
  it('gives all records with rising positions, in batches', async () => {
    const { directory, resource } = sampleOf(type);
    const items = await readRecords(reader, resource);
    expect(items).toEqual(values.map((value, position) => ({ position, value })));
    let batches = 0;
    for await (const batch of reader.read(resource, reader.args.parse({}), testContext())) {
      expect(batch.length).toBeLessThanOrEqual(2000);
      batches++;
    }
    expect(batches).toBeLessThanOrEqual(values.length / 50);
    expect(openFiles(directory)).toEqual([]);
  });

  it('may begin in the middle', async () => {
    const { resource } = sampleOf(type);
    for (const from of [1, 1000, values.length - 1, values.length, values.length + 1]) {
      const rest = await readRecords(reader, resource, {}, testContext({ from }));
      const wanted = rest.filter(({ position }) => position >= from);
      expect(wanted).toEqual(values.map((value, position) => ({ position, value })).slice(from));
    }
  });

  it('closes its file when it is left in the middle', async () => {
    const { directory, resource } = sampleOf(type);
    for await (const batch of reader.read(resource, reader.args.parse({}), testContext())) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await vi.waitFor(() => {
      expect(openFiles(directory)).toEqual([]);
    });
  });

  it('stops when it is aborted, with its file closed', async () => {
    const { directory, resource } = sampleOf(type);
    const controller = new AbortController();
    const reason = new Error('stop');
    const read = async (): Promise<void> => {
      const context = testContext({ signal: controller.signal });
      for await (const batch of reader.read(resource, reader.args.parse({}), context)) {
        if (batch.length > 0) controller.abort(reason);
      }
    };
    await expect(read()).rejects.toBe(reason);
    await vi.waitFor(() => {
      expect(openFiles(directory)).toEqual([]);
    });
  });
});
