import { gzipSync } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { csv } from '../../readers/csv.ts';
import { gzip } from '../../readers/gzip.ts';
import { json } from '../../readers/json.ts';
import { jsonl } from '../../readers/jsonl.ts';
import { rdf } from '../../readers/rdf.ts';
import { tar } from '../../readers/tar.ts';
import { xml } from '../../readers/xml.ts';
import { yaml } from '../../readers/yaml.ts';
import { zip } from '../../readers/zip.ts';
import type { Resource } from '../../src/component/resource.ts';
import {
  cursorOf,
  originOf,
  readChain,
  type ChainLink,
  type ReadChainOptions,
} from '../../src/pipeline/stage/read-chain.ts';
import { isFailure } from '../../src/records/entry.ts';
import { formatOrigin, type Cursor } from '../../src/records/origin.ts';
import { buildTar } from '../support/build-tar.ts';
import { buildZip } from '../support/build-zip.ts';
import { asContainer, asParser, bytesResource, errorOf, pathResource, testServices } from '../support/read-resource.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Document {
  readonly name: string;
  readonly content: string | Buffer;
}

const asLink = (reader: typeof zip, args: object = {}): ChainLink => ({
  reader: asContainer(reader),
  args: reader.args.parse(args),
});
const asLast = (reader: typeof json, args: object = {}): ChainLink => ({
  reader: asParser(reader),
  args: reader.args.parse(args),
});

function written(name: string, bytes: Buffer): Resource {
  const path = join(tempDir(), name);
  writeFileSync(path, bytes);
  return pathResource(path);
}

const tarOf = (documents: readonly Document[]) => written('a.tar', buildTar(documents));
const packedTarOf = (documents: readonly Document[]) => written('a.tgz', gzipSync(buildTar(documents)));
const zipOf = (documents: readonly Document[]) => written('a.zip', buildZip(documents));

interface Found {
  readonly origin: string;
  readonly cursor: Cursor;
  readonly value: unknown;
  readonly message: string;
}

async function read(
  resources: readonly Resource[],
  links: readonly ChainLink[],
  more: Pick<ReadChainOptions, 'after' | 'slice'> = {},
): Promise<Found[]> {
  const found: Found[] = [];
  const batches = readChain({
    source: { type: 'file', resources },
    links,
    ...more,
    signal: new AbortController().signal,
    services: testServices(),
    since: undefined,
    warn: () => undefined,
  });
  for await (const batch of batches) {
    for (const item of batch.items) {
      const [value, message] = isFailure(item) ? [item.error.code, item.error.message] : [item.value, ''];
      found.push({ origin: formatOrigin(originOf(batch, item)), cursor: cursorOf(item), value, message });
    }
  }
  return found;
}

const valuesOf = (found: readonly Found[]): unknown[] => found.map(({ value }) => value);
const good = (id: string): Document => ({ name: `${id}.json`, content: JSON.stringify([{ id }]) });
const broken = (content: string | Buffer): Document => ({ name: 'broken.json', content });
const CODE = 'E_DOCUMENT_UNREADABLE';

describe('a broken document among several', () => {
  it.each([
    ['[{"id":"b"},{"id":', [{ id: 'b' }]],
    ['[{"id":"b"}', [{ id: 'b' }]],
    ['[{"id":"b"}] trailing', [{ id: 'b' }]],
    ['{"id":"b"', []],
    ['{"id":"b"} {"id":"c"}', [{ id: 'b' }]],
    ['{"id": b}', []],
    ['<html><body>Error</body></html>', []],
    ['', []],
    ['plain text', []],
  ])('is one rejection for the JSON %s, and the others are read', async (content, before) => {
    for (const place of [0, 1, 2]) {
      const documents = [good('a'), good('z')];
      documents.splice(place, 0, broken(content));
      for (const [open, container] of [
        [tarOf, tar],
        [packedTarOf, tar],
        [zipOf, zip],
      ] as const) {
        const found = await read([open(documents)], [asLink(container), asLast(json)]);
        const expected: unknown[] = [{ id: 'a' }, { id: 'z' }];
        expected.splice(place, 0, ...before, CODE);
        expect(valuesOf(found)).toEqual(expected);
        const failure = found.find(({ value }) => value === CODE);
        expect(failure?.origin).toMatch(new RegExp(`broken\\.json > json:${String(before.length)}$`));
        expect(failure?.message).toContain('broken.json');
      }
    }
  });

  it.each([
    [
      'jsonl',
      jsonl,
      {},
      ['{"id":"a"}\n', '{"id":"b"}\n{"id":', '{"id":"c"}\n'],
      [{ id: 'a' }, { id: 'b' }, CODE, { id: 'c' }],
    ],
    ['yaml', yaml, {}, ['- a\n', 'not: a list\n', '- c\n'], ['a', CODE, 'c']],
    ['yaml of two documents', yaml, {}, ['- a\n', '- b\n- x\n---\n- c\n', '- d\n'], ['a', 'b', CODE, 'd']],
    ['csv', csv, {}, ['id\na\n', Buffer.from('%PDF-1.7'), 'id\nc\n'], [{ id: 'a' }, CODE, { id: 'c' }]],
    [
      'csv in UTF-16 that ends inside a character',
      csv,
      { encoding: 'utf-16', as_dict: false },
      [Buffer.from('a\n', 'utf16le'), Buffer.concat([Buffer.from('b\n', 'utf16le'), Buffer.from('c')]), ''],
      [['a'], CODE],
    ],
    [
      'xml of many records',
      xml,
      { root_element: 'r' },
      ['<l><r>a</r></l>', '<l><r>b</r><r>c', '<l><r>d</r></l>'],
      ['a', 'b', CODE, 'd'],
    ],
  ])('is one rejection for %s', async (_, reader, args, contents, expected) => {
    const documents = contents.map((content, i) => ({ name: String(i), content }));
    const found = await read([tarOf(documents)], [asLink(tar), asLast(reader, args)]);
    expect(valuesOf(found)).toEqual(expected);
  });

  it('is one rejection for RDF', async () => {
    const concept = (id: string): string => `<http://x/${id}> a <http://www.w3.org/2004/02/skos/core#Concept> .\n`;
    const documents = [concept('a'), `${concept('b')} <broken`, concept('c')].map((content, i) => ({
      name: `${String(i)}.ttl`,
      content,
    }));
    const found = await read([tarOf(documents)], [asLink(tar), asLast(rdf)]);
    expect(found.map(({ value }) => (value === CODE ? value : (value as { id: string }).id))).toEqual([
      'http://x/a',
      CODE,
      'http://x/c',
    ]);
  });

  it('is the rejection where it is packed by itself and its gzip is damaged', async () => {
    const packed = (name: string, content: Buffer) => ({ name: `${name}.json.gz`, content });
    const documents = [
      packed('a', gzipSync('[1]')),
      packed('b', gzipSync('[2]').subarray(0, -9)),
      packed('c', gzipSync('[3]')),
    ];
    const found = await read([tarOf(documents)], [asLink(tar), asLink(gzip), asLast(json)]);
    expect(valuesOf(found).filter((value) => value !== 2)).toEqual([1, CODE, 3]);
  });

  it('is one of several files of the source', async () => {
    const files = [bytesResource('[1]', [3], 'a'), bytesResource('[2,', [3], 'b'), bytesResource('[3]', [3], 'c')];
    expect(valuesOf(await read(files, [asLast(json)]))).toEqual([1, 2, CODE, 3]);
  });

  it('is read up to the same place from any cursor and in any part, and rejected once', async () => {
    const rows = Array.from({ length: 250 }, (_, i) => `{"id":${String(i)}}`).join(',');
    const documents = [good('a'), broken(`[${rows},{"id"`), broken(''), good('z')];
    const links = [asLink(zip), asLast(json)];
    const input = zipOf(documents);
    const all = await read([input], links);
    expect(all).toHaveLength(254);
    for (const [i, { cursor }] of all.entries()) {
      if (i > 3 && i < 245) continue;
      expect(await read([input], links, { after: cursor })).toEqual(all.slice(i + 1));
    }
    const parts = [{ until: [0, 1] }, { from: [0, 1], until: [0, 2] }, { from: [0, 2] }];
    const read3 = await Promise.all(parts.map((slice) => read([input], links, { slice })));
    expect(read3.flat()).toEqual(all);
  });

  it('is rejected from its own cursor as the last document too', async () => {
    const input = tarOf([good('a'), broken('[1,2,')]);
    const links = [asLink(tar), asLast(json)];
    const all = await read([input], links);
    expect(valuesOf(all)).toEqual([{ id: 'a' }, 1, 2, CODE]);
    expect(await read([input], links, { after: [0, 1, 0] })).toEqual(all.slice(2));
    expect(await read([input], links, { after: [0, 1, 1] })).toEqual(all.slice(3));
    expect(await read([input], links, { after: [0, 1, 2] })).toEqual([]);
  });
});

describe('a broken document that is the only one', () => {
  it.each([
    ['a member', () => zipOf([broken('[1')]), [asLink(zip), asLast(json)]],
    ['the selected member', () => zipOf([good('a'), broken('[1')]), [asLink(zip, { regex: 'broken' }), asLast(json)]],
    [
      'a member beside companions',
      () => tarOf([broken('[1'), { name: '._broken.json', content: 'x' }]),
      [asLink(tar), asLast(json)],
    ],
    ['a packed file', () => written('a.json.gz', gzipSync('[1')), [asLink(gzip), asLast(json)]],
    ['a file', () => bytesResource('[1'), [asLast(json)]],
  ])('ends the run where it is %s', async (_, open, links) => {
    expect((await errorOf(read([open()], links))).code).toBe('E_JSON_TRUNCATED');
  });
});

describe('a damaged archive', () => {
  it('ends the run where a member does not have its checksum', async () => {
    const bad = { ...good('b'), claimed: { crc32: 1 } };
    const input = written('a.zip', buildZip([good('a'), bad, good('c')]));
    expect((await errorOf(read([input], [asLink(zip), asLast(json)]))).code).toBe('E_ZIP_CORRUPT');
  });

  it('ends the run where the archive itself is a damaged gzip', async () => {
    const large = { name: 'large.json', content: JSON.stringify(Array.from({ length: 200_000 }, (_, i) => i * 7919)) };
    const packed = gzipSync(buildTar([good('a'), large, good('c')]));
    const input = written('a.tgz', packed.subarray(0, packed.length / 2));
    const code = (await errorOf(read([input], [asLink(tar), asLast(json)]))).code;
    expect(['E_GZIP_CORRUPT', 'E_TAR_TRUNCATED']).toContain(code);
  });
});
