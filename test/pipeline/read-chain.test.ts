import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { gzip } from '../../readers/gzip.ts';
import { json } from '../../readers/json.ts';
import { jsonl } from '../../readers/jsonl.ts';
import { zip } from '../../readers/zip.ts';
import type { ReadContext, Reader, Warning } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { SourceError } from '../../src/errors.ts';
import {
  cursorOf,
  originOf,
  readChain,
  type ChainLink,
  type ChainSource,
  type PlacedItem,
  type ReadBatch,
  type ReadChainOptions,
} from '../../src/pipeline/stage/read-chain.ts';
import { compareCursors, formatOrigin, type Cursor } from '../../src/records/origin.ts';
import { buildZip } from '../support/build-zip.ts';
import { openFiles } from '../support/open-files.ts';
import { asContainer, asParser, bytesResource, errorOf, pathResource, testServices } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Place {
  readonly cursor: Cursor;
  readonly origin: string;
  readonly value: unknown;
}

function link(reader: Reader, args: unknown = {}): ChainLink {
  return {
    reader: reader.emits === 'records' ? asParser(reader) : asContainer(reader),
    args: reader.args.parse(args),
  };
}

function start(resources: readonly Resource[], links: readonly ChainLink[], more: Partial<ReadChainOptions> = {}) {
  return readChain({
    source: { type: 'file', resources },
    links,
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    warn: () => undefined,
    ...more,
  });
}

async function readPlaces(...args: Parameters<typeof start>): Promise<Place[]> {
  const places: Place[] = [];
  for await (const batch of start(...args)) places.push(...batch.items.map((item) => placeOf(batch, item)));
  return places;
}

function placeOf(batch: ReadBatch, item: PlacedItem): Place {
  const value = 'value' in item ? item.value : item.error.code;
  return { cursor: cursorOf(item), origin: formatOrigin(originOf(batch, item)), value };
}

/** Two archives of JSON members, some in gzip, with broken records, an empty member and members that are not chosen. */
function archives(): Resource[] {
  const directory = tempDir();
  const parts = [
    { name: 'skip.txt', content: 'no' },
    { name: 'a.jsonl.gz', content: gzipSync('{"a":0}\n{"a":1}\noops\n{"a":3}\n') },
    { name: 'empty.jsonl.gz', content: gzipSync('') },
    { name: 'b.jsonl.gz', content: gzipSync('{"b":0}\n[{"b":1},{"b":2}]\n') },
  ];
  return [parts, parts.toReversed()].map((members, i) => {
    const path = join(directory, `${String(i)}.zip`);
    writeFileSync(path, buildZip(members));
    return pathResource(path);
  });
}

const chain = [link(zip, { regex: 'gz$' }), link(gzip), link(jsonl)];

describe('readChain', () => {
  it('gives each record the place that it came from', async () => {
    const places = await readPlaces(archives(), chain);
    expect(places.slice(0, 5).map(({ origin, value }) => [origin, value])).toEqual([
      ['file:0.zip > zip:a.jsonl.gz > gzip:a.jsonl > jsonl:0', { a: 0 }],
      ['file:0.zip > zip:a.jsonl.gz > gzip:a.jsonl > jsonl:1', { a: 1 }],
      ['file:0.zip > zip:a.jsonl.gz > gzip:a.jsonl > jsonl:2', 'E_RECORD_SYNTAX'],
      ['file:0.zip > zip:a.jsonl.gz > gzip:a.jsonl > jsonl:3', { a: 3 }],
      ['file:0.zip > zip:b.jsonl.gz > gzip:b.jsonl > jsonl:0', { b: 0 }],
    ]);
    expect(places.map(({ cursor }) => cursor[1])).toEqual([1, 1, 1, 1, 3, 3, 3, 0, 0, 0, 2, 2, 2, 2]);
    expect(places).toEqual(places.toSorted((a, b) => compareCursors(a.cursor, b.cursor)));
  });

  it('gives exactly the rest behind every cursor', async () => {
    const resources = archives();
    const places = await readPlaces(resources, chain);
    for (const [i, { cursor }] of places.entries()) {
      expect(await readPlaces(resources, chain, { after: cursor })).toEqual(places.slice(i + 1));
    }
  });

  it('gives exactly the rest also where readers take no notice of the place to begin', async () => {
    const naive = ({ reader, args }: ChainLink): ChainLink => ({
      args,
      reader: {
        ...reader,
        read: (input: Resource, given: unknown, context: object) =>
          reader.read(input, given, { ...context, from: 0 } as never),
      } as ChainLink['reader'],
    });
    const resources = archives();
    const places = await readPlaces(resources, chain);
    for (const [i, { cursor }] of places.entries()) {
      expect(await readPlaces(resources, chain.map(naive), { after: cursor })).toEqual(places.slice(i + 1));
    }
  });

  it('gives exactly the rest for any sources and any cut', async () => {
    const documents = fc.array(fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 5 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(documents, fc.integer({ min: 1, max: 30 }), fc.nat(), async (values, size, pick) => {
        const resources = values.map((items) => bytesResource(JSON.stringify(items), [size]));
        const places = await readPlaces(resources, [link(json)]);
        expect(places).toHaveLength(values.flat().length);
        const at = places.length === 0 ? 0 : pick % places.length;
        const after = places[at]?.cursor ?? [0, 0];
        expect(await readPlaces(resources, [link(json)], { after })).toEqual(places.slice(at + 1));
      }),
      { numRuns: 100 },
    );
  });

  it('gives every record once in the slices of any cuts, resumed anywhere', async () => {
    const resources = archives();
    const places = await readPlaces(resources, chain);
    const cut = fc.oneof(
      fc.tuple(fc.nat({ max: 2 })),
      fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 5 })),
      fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 5 }), fc.nat({ max: 1 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 4 }), fc.nat(), async (cuts, pick) => {
        const sorted = cuts.toSorted(compareCursors);
        const found: Place[] = [];
        for (const [i, from] of [undefined, ...sorted].entries()) {
          const until = sorted[i];
          const slice = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
          const part = await readPlaces(resources, chain, { slice });
          const at = part.length === 0 ? undefined : pick % part.length;
          const after = at === undefined ? undefined : part[at]?.cursor;
          if (at !== undefined && after !== undefined) {
            expect(await readPlaces(resources, chain, { slice, after })).toEqual(part.slice(at + 1));
          }
          found.push(...part);
        }
        expect(found).toEqual(places);
      }),
      { numRuns: 60 },
    );
  });

  it('opens nothing behind its slice', async () => {
    const until: (number | undefined)[] = [];
    const spied: ChainLink = {
      args: {},
      reader: {
        ...asContainer(zip),
        read: (input: Resource, given: unknown, context: ReadContext) => {
          until.push(context.until);
          return zip.read(input, given, context);
        },
      },
    };
    const slice = { from: [0, 1], until: [1, 2] };
    const places = await readPlaces(archives(), [spied, link(gzip), link(jsonl)].slice(0, 3), { slice });
    expect(until).toEqual([undefined, 2]);
    expect([...new Set(places.map(({ cursor }) => cursor.slice(0, 2).join('.')))]).toEqual(['0.1', '0.3', '1.0']);
  });

  it('reads the resources of a bundle as its source opens them, and goes on in the middle', async () => {
    const asked: number[] = [];
    const files = [bytesResource('[1, 2]\n[3]\n', [5], 'bundle')];
    const source: ChainSource = {
      type: 'bundled',
      resources: files,
      // eslint-disable-next-line @typescript-eslint/require-await -- a reader is asynchronous by contract
      async *open({ from }) {
        asked.push(from);
        const texts = ['[1, 2]', '[3]'];
        for (const [position, text] of texts.entries()) {
          yield { position, resource: bytesResource(text, [2], `r${String(position)}`) };
        }
      },
    };
    const places = await readPlaces(files, [link(json)], { source });
    expect(places.map(({ origin, value }) => [origin, value])).toEqual([
      ['bundled:r0 > json:0', 1],
      ['bundled:r0 > json:1', 2],
      ['bundled:r1 > json:0', 3],
    ]);
    for (const [i, { cursor }] of places.entries()) {
      expect(await readPlaces(files, [link(json)], { source, after: cursor })).toEqual(places.slice(i + 1));
    }
    expect(asked).toEqual([0, 0, 0, 1]);
  });

  it('opens the next resource only when the one before is read', async () => {
    const opened: string[] = [];
    const resources = ['a', 'b', 'c'].map((name) => {
      const resource = bytesResource('[1, 2]', [2], name);
      return { ...resource, stream: () => (opened.push(name), resource.stream()) };
    });
    const batches = start(resources, [link(json)]);
    await batches.next();
    expect(opened).toEqual(['a']);
    await batches.next();
    expect(opened).toEqual(['a', 'b']);
    await batches.return();
  });

  it('counts progress by the bytes of all files that lie behind it', async () => {
    const text = JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ i })));
    const progressIn = async (...args: Parameters<typeof start>): Promise<ReadBatch['progress'][]> => {
      const found: ReadBatch['progress'][] = [];
      for await (const batch of start(...args)) found.push(batch.progress);
      return found;
    };
    const expectRising = (found: ReadBatch['progress'][], totalBytes: number): void => {
      expect(found.every((progress) => progress.totalBytes === totalBytes)).toBe(true);
      expect(found.map(({ bytes }) => bytes)).toEqual(found.map(({ bytes }) => bytes).toSorted((a, b) => a - b));
      expect(found.at(-1)?.bytes).toBeGreaterThan(totalBytes * 0.9);
      expect(found.at(-1)?.bytes).toBeLessThanOrEqual(totalBytes);
    };
    const path = join(tempDir(), 'a.zip');
    const names = ['a', 'b', 'c', 'd', 'e'];
    writeFileSync(path, buildZip(names.map((name) => ({ name: `${name}.json`, content: text }))));
    const zipped = pathResource(path);
    expectRising(await progressIn([zipped], [link(zip), link(json)]), zipped.bytes ?? 0);
    const packed = gzipSync(text);
    const files = names.map(() => bytesResource(packed, [500]));
    expectRising(await progressIn(files, [link(gzip), link(json)]), packed.length * 5);
  });

  it('counts progress by the innermost resource whose size is known where nothing else is', async () => {
    const text = JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ i })));
    const { bytes, ...unknown } = bytesResource('', [1]);
    expect(bytes).toBe(0);
    const spanless: ChainLink = {
      args: {},
      reader: {
        ...asContainer(zip),
        // eslint-disable-next-line @typescript-eslint/require-await -- a reader is asynchronous by contract
        read: async function* read() {
          yield { position: 0, resource: bytesResource(text) };
        },
      },
    };
    const found: ReadBatch['progress'][] = [];
    for await (const batch of start([unknown], [spanless, link(json)])) found.push(batch.progress);
    expect(found.at(-1)).toEqual({ bytes: text.length, totalBytes: text.length });
  });

  it('hands on warnings, and errors as they were thrown', async () => {
    const warnings: Warning[] = [];
    const warn = (warning: Warning): number => warnings.push(warning);
    expect(await readPlaces([bytesResource('[1,,2]')], [link(json)], { warn })).toHaveLength(2);
    expect(warnings.map(({ code }) => code)).toEqual(['W_JSON_SEPARATOR']);
    const error = await errorOf(readPlaces([bytesResource('<html>')], [link(json)]));
    expect(error).toBeInstanceOf(SourceError);
  });

  it('refuses a chain without a parser and a cursor of another chain', () => {
    expect(() => start([], [link(zip)])).toThrow('containers and then one parser');
    expect(() => start([], [link(json), link(json)])).toThrow('containers and then one parser');
    expect(() => start([], [link(json)], { after: [0] })).toThrow('A cursor should have 2 positions');
  });
});

describe('readChain, stopped', () => {
  function largeArchive(): { directory: string; resource: Resource } {
    const directory = tempDir();
    const path = join(directory, 'large.zip');
    const text = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => ({ i, text: 'x'.repeat(50) })));
    writeFileSync(path, buildZip([{ name: 'large.json', content: text, method: 0 }]));
    return { directory, resource: pathResource(path) };
  }

  it('closes its files when the caller stops, and when it is aborted', async () => {
    const { directory, resource } = largeArchive();
    for await (const batch of start([resource], [link(zip), link(json)])) {
      expect(batch.items.length).toBeGreaterThan(0);
      break;
    }
    expect(openFiles(directory)).toEqual([]);

    const controller = new AbortController();
    const reason = new Error('stop');
    const read = async (): Promise<void> => {
      for await (const batch of start([resource], [link(zip), link(json)], { signal: controller.signal })) {
        if (batch.items.length > 0) controller.abort(reason);
      }
    };
    await expect(read()).rejects.toBe(reason);
    await vi.waitFor(() => {
      expect(openFiles(directory)).toEqual([]);
    });
  });

  it('throws the reason at once, also while a source keeps it waiting for ever', async () => {
    const controller = new AbortController();
    const waiting: Resource = {
      name: 'waiting.json',
      async *stream() {
        yield Buffer.from('[{"a":1},');
        await new Promise(() => undefined);
      },
    };
    const read = readPlaces([waiting], [link(json)], { signal: controller.signal });
    const reason = new Error('enough');
    setImmediate(() => {
      controller.abort(reason);
    });
    await expect(read).rejects.toBe(reason);
  });
});
