/** What every registered reader keeps to, whatever it reads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { readers } from '../../readers/index.ts';
import type { ContainerReader, ParserReader, ReadContext, RecordSourceReader } from '../../src/component/reader.ts';
import type { PlacedResource, Resource } from '../../src/component/resource.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { openFiles } from '../support/open-files.ts';
import {
  bytesResource,
  contentOf,
  readMembers,
  readRecords,
  singly,
  testContext,
  testServices,
} from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';
import { memberText, readerSamples, sampleValues, type ReaderSample } from './reader-samples.ts';

interface SampleFile extends ReaderSample {
  readonly directory: string;
  readonly resource: Resource;
}

function sampleOf(type: string): SampleFile {
  const sample = readerSamples[type]?.();
  if (sample === undefined) throw new Error(`test/contract/reader-samples.ts has no sample for the reader ${type}`);
  const directory = tempDir();
  const path = join(directory, `sample.${type}`);
  writeFileSync(path, sample.content);
  const bytes = Buffer.byteLength(sample.content);
  return { ...sample, directory, resource: fileResource({ name: `sample.${type}`, path, bytes, digest: '' }) };
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

type MemberReader = (sample: SampleFile, context?: ReadContext) => AsyncIterable<PlacedResource>;

/** Containers, and the sources whose fetched files are bundles. */
const memberReaders = readers.flatMap((reader): readonly (readonly [string, MemberReader])[] => {
  if (reader.emits !== 'bytes') return [];
  if (reader.accepts === 'bytes') {
    return [
      [
        reader.type,
        ({ resource, args = {} }, context = testContext()) =>
          singly(reader.read(resource, reader.args.parse(args), context)),
      ],
    ];
  }
  const open = reader.open?.bind(reader);
  if (open === undefined) return [];
  return [
    [
      reader.type,
      ({ resource, args = {} }, context = testContext()) => open([resource], reader.args.parse(args), context),
    ],
  ];
});

async function membersOf(read: AsyncIterable<PlacedResource>): Promise<PlacedResource[]> {
  const members: PlacedResource[] = [];
  for await (const member of read) members.push(member);
  return members;
}

describe.each(memberReaders)('what %s opens', (type, open) => {
  it('has rising positions, names, and the same bytes each time', async () => {
    const sample = sampleOf(type);
    const members = await membersOf(open(sample));
    expect(members.length).toBeGreaterThan(0);
    expect(members.map(({ position }) => position)).toEqual(members.map((_, i) => i));
    for (const member of members) {
      const content = await contentOf(member.resource);
      expect(member.resource.name).not.toBe('');
      expect(String(content) === memberText).toBe(true);
      expect(member.resource.bytes ?? content.length).toBe(content.length);
      // Not toEqual: it compares a megabyte of bytes one by one, in seconds.
      expect(content.equals(await contentOf(member.resource))).toBe(true);
    }
    expect(openFiles(sample.directory)).toEqual([]);
  });

  it('may begin in the middle, and end there', async () => {
    const sample = sampleOf(type);
    const all = (await membersOf(open(sample))).map(({ position }) => position);
    for (const [from, until] of [
      [1, 99],
      [2, 99],
      [99, 199],
      [0, 1],
      [1, 2],
    ] as const) {
      const found = await membersOf(open(sample, testContext({ from, until })));
      const isWanted = (position: number): boolean => position >= from && position < until;
      expect(found.map(({ position }) => position).filter(isWanted)).toEqual(all.filter(isWanted));
    }
  });

  it('is closed when a member is left in the middle, and when the archive is', async () => {
    const sample = sampleOf(type);
    for await (const member of open(sample)) {
      for await (const chunk of member.resource.stream()) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      break;
    }
    await vi.waitFor(() => {
      expect(openFiles(sample.directory)).toEqual([]);
    });
  });

  it('stops when it is aborted', async () => {
    const sample = sampleOf(type);
    const reason = new Error('stop');
    await expect(membersOf(open(sample, testContext({ signal: AbortSignal.abort(reason) })))).rejects.toBe(reason);
    expect(openFiles(sample.directory)).toEqual([]);
  });
});

const splitting = readers.filter(
  (reader): reader is ContainerReader => reader.accepts === 'bytes' && reader.emits === 'bytes' && 'split' in reader,
);

describe.each(splitting.map((reader) => [reader.type, reader] as const))('the parts of %s', (type, reader) => {
  it('hold every member once, however many are asked for', async () => {
    const { resource, args: given = {}, directory } = sampleOf(type);
    const args = reader.args.parse(given);
    const all = (await readMembers(reader, resource, given)).map(({ position }) => position);
    for (const parts of [1, 2, 3, 100]) {
      const context = { parts, signal: new AbortController().signal, services: testServices() };
      const cuts = (await reader.split?.(resource, args, context)) ?? [];
      expect(cuts[0]).toBe(0);
      expect(cuts.length).toBeLessThanOrEqual(parts);
      expect(cuts).toEqual([...new Set(cuts)].toSorted((a, b) => a - b));
      const found: number[] = [];
      for (const [i, from] of cuts.entries()) {
        const until = cuts[i + 1] ?? Infinity;
        const part = await readMembers(reader, resource, given, testContext({ from, until }));
        found.push(...part.map(({ position }) => position).filter((place) => place >= from && place < until));
      }
      expect(found).toEqual(all);
    }
    expect(openFiles(directory)).toEqual([]);
  });
});

const parsers = readers.filter((reader): reader is ParserReader | RecordSourceReader => reader.emits === 'records');

describe.each(parsers.map((reader) => [reader.type, reader] as const))('parser %s', (type, reader) => {
  it('gives all records with rising positions, in batches', async () => {
    const { directory, resource, args = {}, values = sampleValues } = sampleOf(type);
    const items = await readRecords(reader, resource, args);
    expect(items).toEqual(values.map((value, position) => ({ position, value })));
    let batches = 0;
    for await (const batch of reader.read(resource, reader.args.parse(args), testContext())) {
      expect(batch.length).toBeLessThanOrEqual(2000);
      batches++;
    }
    expect(batches).toBeLessThanOrEqual(Math.max(1, values.length / 50));
    expect(openFiles(directory)).toEqual([]);
  });

  it('may begin in the middle', async () => {
    const { resource, args = {}, values = sampleValues } = sampleOf(type);
    for (const from of [1, 1000, values.length - 1, values.length, values.length + 1]) {
      const rest = await readRecords(reader, resource, args, testContext({ from }));
      const wanted = rest.filter(({ position }) => position >= from);
      expect(wanted).toEqual(values.map((value, position) => ({ position, value })).slice(from));
    }
  });

  it('gives of bytes at hand what it gives of their stream, or leaves them to that', async () => {
    if (!('readContent' in reader)) return;
    const { resource, args = {} } = sampleOf(type);
    const whole = await contentOf(resource);
    for (const size of [whole.length, whole.length - 1, 100, 10, 1, 0]) {
      const content = whole.subarray(0, size);
      const found = reader.readContent(content, reader.args.parse(args), testContext());
      if (found === undefined) continue;
      expect(found).toEqual(await readRecords(reader, bytesResource(content), args));
    }
  });

  it('closes its file when it is left in the middle', async () => {
    const { directory, resource, args = {} } = sampleOf(type);
    for await (const batch of reader.read(resource, reader.args.parse(args), testContext())) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await vi.waitFor(() => {
      expect(openFiles(directory)).toEqual([]);
    });
  });

  it('stops when it is aborted, with its file closed', async () => {
    const { directory, resource, args = {} } = sampleOf(type);
    const controller = new AbortController();
    const reason = new Error('stop');
    const read = async (): Promise<void> => {
      const context = testContext({ signal: controller.signal });
      for await (const batch of reader.read(resource, reader.args.parse(args), context)) {
        if (batch.length > 0) controller.abort(reason);
      }
    };
    await expect(read()).rejects.toBe(reason);
    await vi.waitFor(() => {
      expect(openFiles(directory)).toEqual([]);
    });
  });
});
