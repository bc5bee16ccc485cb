/** What every registered reader keeps to: the checks that plug-ins get, and that nothing is left open. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { catalog } from '../../src/cli/catalog.ts';
import { readers } from '../support/shipped-components.ts';
import type { ReadContext, Reader } from '../../src/component/reader.ts';
import type { PlacedResource, Resource } from '../../src/component/resource.ts';
import { readerChecks } from '../../src/plug-in/testing.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { openFiles } from '../support/open-files.ts';
import { contentOf, singly, testContext } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';
import { memberText, readerSamples, sampleValues, type ReaderSample } from './reader-samples.ts';

function sampleFor(type: string): ReaderSample {
  const sample = readerSamples[type]?.();
  if (sample === undefined) throw new Error(`test/contract/reader-samples.ts has no sample for the reader ${type}`);
  return sample;
}

interface SampleFile extends ReaderSample {
  readonly directory: string;
  readonly resource: Resource;
}

function sampleOf(type: string): SampleFile {
  const sample = sampleFor(type);
  const directory = tempDir();
  const path = join(directory, `sample.${type}`);
  writeFileSync(path, sample.content);
  const bytes = Buffer.byteLength(sample.content);
  return { ...sample, directory, resource: fileResource({ name: `sample.${type}`, path, bytes, digest: '' }) };
}

/** Sources of files alone need no sample: the tests of each read from a server. */
function takesSample(reader: Reader): boolean {
  return reader.emits === 'records' || reader.accepts === 'bytes';
}

it('is registered by its type', () => {
  expect(readers.map(({ type }) => type)).toEqual(catalog.readers.types);
});

describe.each(readers.map((reader) => [reader.type, reader] as const))('reader %s', (type, reader) => {
  const sample = takesSample(reader) ? { values: sampleValues, ...sampleFor(type) } : undefined;
  for (const { name, run } of readerChecks(reader, sample)) it(name, run);

  it('has a summary that fits a list', () => {
    expect(reader.summary).toMatch(/^[A-Z].{9,99}[^.]$/);
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

const parsers = readers.filter((reader) => reader.emits === 'records');

describe.each(parsers.map((reader) => [reader.type, reader] as const))('the file of %s', (type, reader) => {
  it('is closed when it is left in the middle', async () => {
    const { directory, resource, args = {} } = sampleOf(type);
    for await (const batch of reader.read(resource, reader.args.parse(args), testContext())) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await vi.waitFor(() => {
      expect(openFiles(directory)).toEqual([]);
    });
  });

  it('is closed when the reader is aborted while it reads', async () => {
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

  it('is read in batches, not record by record', async () => {
    const { resource, args = {}, values = sampleValues } = sampleOf(type);
    let batches = 0;
    for await (const batch of reader.read(resource, reader.args.parse(args), testContext()))
      batches += batch.length > 0 ? 1 : 0;
    expect(batches).toBeLessThanOrEqual(Math.max(1, values.length / 50));
  });
});
