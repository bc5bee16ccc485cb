/** Small documents of an archive, which are read many at once: nobody may notice it but by the time that it takes. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tar } from '../../readers/tar.ts';
import { xml } from '../../readers/xml.ts';
import { zip } from '../../readers/zip.ts';
import type { Resource } from '../../src/component/resource.ts';
import {
  cursorOf,
  originOf,
  readChain,
  type ChainLink,
  type ReadBatch,
  type ReadChainOptions,
} from '../../src/pipeline/stage/read-chain.ts';
import { isFailure, type Recognise } from '../../src/records/entry.ts';
import { compareCursors, formatOrigin, type Cursor } from '../../src/records/origin.ts';
import { buildTar } from '../support/build-tar.ts';
import { buildZip } from '../support/build-zip.ts';
import { asContainer, asParser, bytesResource, testServices } from '../support/read-resource.ts';

interface Found {
  readonly cursor: Cursor;
  readonly origin: string;
  readonly value: unknown;
  readonly digest?: string | undefined;
}

const record = (i: number): string => `<record><id>${String(i)}</id></record>`;

/** What an archive of small documents may hold between the plain ones. */
const ODD: Readonly<Record<number, string>> = {
  3: '<record><id>3</record>',
  4: '',
  17: `<records>${record(170)}${record(171)}${record(172)}</records>`,
  18: '<record><id><![CDATA[18]]></id></record>',
  40: `<record><id>40</id><long>${'x'.repeat(300_000)}</long></record>`,
  41: '<other/>',
  119: `<records>${record(1190)}<record><a></record></records>`,
};

const documents = Array.from({ length: 230 }, (_, i) => ({
  name: `${String(i)}.xml`,
  content: ODD[i] ?? record(i),
}));

const parser = { reader: asParser(xml), args: xml.args.parse({ root_element: 'record' }) };
const ARCHIVES: Readonly<Record<'tar' | 'zip', { readonly link: ChainLink; readonly input: Resource }>> = {
  tar: {
    link: { reader: asContainer(tar), args: tar.args.parse({}) },
    input: bytesResource(gzipSync(buildTar(documents)), [65_536], 'a.tar.gz'),
  },
  zip: {
    link: { reader: asContainer(zip), args: zip.args.parse({}) },
    input: bytesResource(buildZip(documents), [65_536], 'a.zip'),
  },
};

/** As if nobody knew of bytes at hand: each document is streamed. */
function streaming({ reader, args }: ChainLink): ChainLink {
  const { readContent: _, ...streamed } = { readContent: undefined, ...reader };
  return { reader: streamed, args };
}

interface Read {
  readonly found: Found[];
  readonly batches: ReadBatch[];
}

async function read(
  archive: 'tar' | 'zip',
  options: Partial<ReadChainOptions> = {},
  last: ChainLink = parser,
): Promise<Read> {
  const { link, input } = ARCHIVES[archive];
  const found: Found[] = [];
  const batches: ReadBatch[] = [];
  const all = readChain({
    source: { type: 'file', resources: [input] },
    links: [link, last],
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    warn: () => undefined,
    ...options,
  });
  for await (const batch of all) {
    batches.push(batch);
    for (const item of batch.items) {
      const value = isFailure(item) ? item.error.code : item.value;
      const place = { cursor: cursorOf(item), origin: formatOrigin(originOf(batch, item)), value };
      found.push(isFailure(item) || item.digest === undefined ? place : { ...place, digest: item.digest });
    }
  }
  return { found, batches };
}

describe.each(['tar', 'zip'] as const)('the documents of a %s', (archive) => {
  it('are the same with the same places as when each is streamed', async () => {
    const { found } = await read(archive);
    expect(found).toEqual((await read(archive, {}, streaming(parser))).found);
    expect(found).toHaveLength(documents.length + 2 + 1);
    expect(found.slice(0, 5).map(({ origin, value }) => [origin, value])).toEqual([
      [`file:a.${archive === 'tar' ? 'tar.gz' : 'zip'} > ${archive}:0.xml > xml:0`, { id: '0' }],
      [expect.stringContaining(`${archive}:1.xml > xml:0`), { id: '1' }],
      [expect.stringContaining(`${archive}:2.xml > xml:0`), { id: '2' }],
      [expect.stringContaining(`${archive}:3.xml > xml:0`), 'E_RECORD_SYNTAX'],
      [expect.stringContaining(`${archive}:4.xml > xml:0`), 'E_XML_NOT_XML'],
    ]);
    expect(found).toEqual(found.toSorted((a, b) => compareCursors(a.cursor, b.cursor)));
  });

  it('come many at once', async () => {
    const { batches } = await read(archive);
    expect(batches.length).toBeLessThan(30);
    for (const { items } of batches) expect(items.length).toBeLessThanOrEqual(100);
  });

  it('are followed by exactly the rest behind every cursor', async () => {
    const { found } = await read(archive);
    for (const [i, { cursor }] of found.entries()) {
      expect((await read(archive, { after: cursor })).found).toEqual(found.slice(i + 1));
    }
  });

  it('come once each in the slices of any cut', async () => {
    const { found } = await read(archive);
    for (const cut of [[0, 1], [0, 4], [0, 17], [0, 40], [0, 41], [0, 150], [1]] as const) {
      const before = (await read(archive, { slice: { until: cut } })).found;
      const behind = (await read(archive, { slice: { from: cut } })).found;
      expect([...before, ...behind]).toEqual(found);
    }
  });

  it('are recognised by their bytes and not looked into again', async () => {
    const known = new Set<string>();
    const recognise: Recognise = (slice) => {
      const digest = Buffer.from(slice).toString('latin1');
      return { digest, isKnown: known.has(digest) };
    };
    const first = (await read(archive, { recognise })).found;
    expect(first.map(({ digest: _, ...rest }) => rest)).toEqual((await read(archive)).found);
    for (const { digest } of first) if (digest !== undefined) known.add(digest);
    // All but those that hold several records or none.
    expect(known.size).toBe(documents.length - 5);
    expect(known).toContain(ODD[18]);
    const again = (await read(archive, { recognise })).found;
    expect(again.map(({ cursor }) => cursor)).toEqual(first.map(({ cursor }) => cursor));
    expect(again.filter(({ digest }) => digest !== undefined).map(({ value }) => value)).toEqual(
      Array.from({ length: documents.length - 5 }, () => undefined),
    );
    expect(again.filter(({ digest }) => digest === undefined)).toEqual(
      first.filter(({ digest }) => digest === undefined),
    );
  });

  it('stop when the read is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    const all = read(archive, { signal: controller.signal });
    controller.abort(reason);
    await expect(all).rejects.toBe(reason);
  });
});
