import { createReadStream } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readLastModified, newerRecords } from '../../readers/orcid/read-last-modified.ts';
import { orcidDataSync } from '../../readers/orcid-data-sync.ts';
import type { FetchContext, FetchedFile, Since, SourceReader, SourceVersion } from '../../src/component/reader.ts';
import { createBundles } from '../../src/bundle/create-bundles.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { buildTar } from '../support/build-tar.ts';
import { away, memoryBuckets, type MemoryBuckets } from '../support/memory-buckets.ts';
import { lastModifiedList, LIST, orcidIds, SUMMARIES, summaryKey, type OrcidRecord } from '../support/orcid-buckets.ts';
import { contentOf, errorOf, testContext } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { readerContext } from '../support/source-reader-context.ts';
import { tempDir } from '../support/temp-dir.ts';

const reader: SourceReader = orcidDataSync;

interface Bench {
  readonly buckets: MemoryBuckets;
  readonly warnings: readonly { readonly code: string }[];
  readonly progress: readonly { readonly bytes: number; readonly total?: number }[];
  publish(records: readonly OrcidRecord[]): void;
  locate(args: unknown): Promise<SourceVersion>;
  sync(
    args?: unknown,
    since?: string,
    previous?: SourceVersion,
  ): Promise<readonly FetchedFile[] | { nothingNew: string }>;
  open(files: readonly FetchedFile[], from?: number): Promise<[string, string][]>;
}

function bench(directory = tempDir()): Bench {
  const buckets = memoryBuckets(directory);
  const base = readerContext();
  const contextOf = (since: string | undefined): FetchContext => ({
    ...base,
    services: { ...base.services, s3: buckets.s3, bundles: createBundles(directory) },
    since: since === undefined ? undefined : ({ time: new Date(since), origin: 'watermark' } satisfies Since),
  });
  return {
    buckets,
    warnings: base.warnings,
    progress: base.progress,
    publish(records) {
      buckets.put(LIST.bucket, LIST.key, lastModifiedList(records));
      for (const { id, xml = `<r>${id}</r>` } of records) buckets.put(SUMMARIES, summaryKey(id), xml);
    },
    async locate(args) {
      const version = await reader.locate(reader.args.parse(args), contextOf(undefined));
      if ('nothingNew' in version) throw new Error(version.nothingNew);
      return version;
    },
    async sync(args = {}, since, previous) {
      const parsed = reader.args.parse(args);
      const context = { ...contextOf(since), ...(previous === undefined ? {} : { previous }) };
      const version = await reader.locate(parsed, context);
      if ('nothingNew' in version) return version;
      return reader.fetch(JSON.parse(JSON.stringify(version)) as typeof version, parsed, contextOf(since));
    },
    async open(files, from = 0) {
      const found: [string, string][] = [];
      const resources = reader.open?.(files.map(fileResource), {}, testContext({ from })) ?? [];
      for await (const { resource, failure } of resources) {
        found.push([resource.name, failure?.message ?? String(await contentOf(resource))]);
      }
      return found;
    },
  };
}

function filesOf(synced: readonly FetchedFile[] | { nothingNew: string }): readonly FetchedFile[] {
  if ('nothingNew' in synced) throw new Error(synced.nothingNew);
  return synced;
}

const [a = '', b = '', c = '', d = ''] = orcidIds(4);
const four: readonly OrcidRecord[] = [
  { id: d, modified: '2024-01-04 08:00:00.186' },
  { id: c, modified: '2024-01-03 08:00:00' },
  { id: b, modified: '2024-01-02 08:00:00.5' },
  { id: a, modified: '2024-01-01 08:00:00.123456' },
];
const fetchedRecords = (buckets: MemoryBuckets): string[] =>
  buckets.gets.filter((path) => path.startsWith(SUMMARIES)).map((path) => path.slice(-23, -4));

describe('orcid-data-sync', () => {
  it('fetches what is newer than since and nothing else, in the order of the list', async () => {
    const { publish, sync, open, buckets } = bench();
    publish(four);
    const files = filesOf(await sync({}, '2024-01-02T08:00:00.500Z'));
    expect(files).toHaveLength(1);
    expect(await open(files)).toEqual([d, c, b].map((id) => [`${id}.xml`, `<r>${id}</r>`]));
    expect(fetchedRecords(buckets)).toEqual([d, c, b]);
  });

  it('begins at the newest change of the list that was read last, which may be older than that run', async () => {
    const { publish, locate, sync, buckets } = bench();
    publish(four.slice(1));
    const previous = await locate({});
    publish(four);
    // The run began long after the list was written.
    await sync({}, '2024-01-05T06:00:00Z', previous);
    expect(fetchedRecords(buckets)).toEqual([d, c]);
  });

  it.each([
    ['a moment later', '2024-01-02T08:00:00.501Z', [d, c]],
    ['of another zone', '2024-01-03 09:00+01:00', [d, c]],
    ['as InvenioRDM writes it', '2024-01-03 08:00:00.000', [d, c]],
    ['without a zone, which is UTC', '2024-01-03 08:00:01', [d]],
    ['none', 'none', [d, c, b, a]],
  ])('takes a since %s from the config over the watermark', async (_, since, expected) => {
    const { publish, sync, buckets } = bench();
    publish(four);
    await sync({ since }, '2020-01-01T00:00:00Z');
    expect(fetchedRecords(buckets)).toEqual(expected);
  });

  it('reads a list without zone as UTC, wherever the worker runs', async () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'America/New_York';
    try {
      const { publish, sync, buckets } = bench();
      publish(four);
      await sync({}, '2024-01-03T08:00:00Z');
      expect(fetchedRecords(buckets)).toEqual([d, c]);
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });

  it('finds nothing new where the newest change is older, and fetches nothing', async () => {
    const { publish, sync, buckets } = bench();
    publish(four);
    expect(await sync({}, '2024-01-04T08:00:01Z')).toEqual({
      nothingNew: expect.stringContaining('2024-01-04T08:00:00.186Z, before since 2024-01-04T08:00:01.000Z') as string,
    });
    publish([]);
    expect(await sync()).toEqual({ nothingNew: expect.stringContaining('lists no records') as string });
    expect(fetchedRecords(buckets)).toEqual([]);
  });

  it('rejects a record that cannot be had with its id, and reads the others', async () => {
    const { publish, sync, open, buckets } = bench();
    publish(four);
    buckets.remove(SUMMARIES, summaryKey(c));
    buckets.fail(SUMMARIES, summaryKey(a), away());
    const found = await open(filesOf(await sync()));
    expect(found.map(([name]) => name)).toEqual([d, c, b, a].map((id) => `${id}.xml`));
    expect(found[1]?.[1]).toMatch(new RegExp(`${c} could not be fetched: .*404`));
    expect(found[3]?.[1]).toMatch(new RegExp(`${a} could not be fetched: .*500`));
    expect(found[2]?.[1]).toBe(`<r>${b}</r>`);
  });

  it('goes on in the middle of a bundle', async () => {
    const { publish, sync, open } = bench();
    publish(four);
    const files = filesOf(await sync());
    expect((await open(files, 2)).map(([name]) => name)).toEqual([`${b}.xml`, `${a}.xml`]);
  });

  it('ends where the server is away, and goes on behind what it has when it is back', async () => {
    const directory = tempDir();
    const ids = orcidIds(200);
    const many = ids.map((id) => ({ id, modified: '2024-01-04 08:00:00.186' }));
    const first = bench(directory);
    first.publish(many);
    for (const id of ids.slice(100)) first.buckets.fail(SUMMARIES, summaryKey(id), away());
    expect((await errorOf(first.sync())).code).toBe('E_SOURCE_UNAVAILABLE');
    const second = bench(directory);
    second.publish(many);
    const files = filesOf(await second.sync());
    expect(fetchedRecords(second.buckets)).toEqual(ids.slice(100));
    expect((await second.open(files)).map(([name]) => name)).toEqual(ids.map((id) => `${id}.xml`));
    const third = bench(directory);
    third.publish(many);
    expect(filesOf(await third.sync())).toMatchObject([{ digest: files[0]?.digest }]);
    expect(fetchedRecords(third.buckets)).toEqual([]);
  });

  it('ends where nothing at all can be had, be it one record', async () => {
    const { publish, sync, buckets } = bench();
    publish(four.slice(0, 1));
    buckets.fail(SUMMARIES, summaryKey(d), away());
    expect((await errorOf(sync())).code).toBe('E_SOURCE_UNAVAILABLE');
  });

  it('fetches nothing where it would be too much, and says what to do', async () => {
    const { publish, sync, buckets } = bench();
    publish(four);
    const error = await errorOf(sync({ max_records: 3 }));
    expect([error.code, error.message]).toEqual([
      'E_SOURCE_TOO_LARGE',
      expect.stringContaining('Load a public data file of ORCID first and set the watermark to its date'),
    ]);
    expect(fetchedRecords(buckets)).toEqual([]);
    expect(filesOf(await sync({ max_records: 3 }, '2024-01-02'))).toHaveLength(1);
  });

  it('tells how far it is', async () => {
    const { publish, sync, progress } = bench();
    publish(orcidIds(20).map((id) => ({ id, modified: '2024-01-04 08:00:00.186' })));
    await sync();
    const told = progress.filter(({ total }) => total !== undefined).map(({ bytes, total }) => [bytes, total]);
    expect(told).toHaveLength(20);
    expect(told[0]).toEqual([26, 520]);
    expect(told.at(-1)).toEqual([520, 520]);
  });

  it('keeps to the number of connections', async () => {
    const { publish, sync, buckets } = bench();
    publish(orcidIds(100).map((id) => ({ id, modified: '2024-01-04 08:00:00.186' })));
    await sync({ connections: 7 });
    expect(buckets.mostAtOnce()).toBe(7);
  });

  it('stops at once when it is aborted', async () => {
    const stop = new AbortController();
    const directory = tempDir();
    const buckets = memoryBuckets(directory);
    const many = orcidIds(500).map((id) => ({ id, modified: '2024-01-04 08:00:00.186' }));
    buckets.put(LIST.bucket, LIST.key, lastModifiedList(many));
    for (const { id } of many) buckets.put(SUMMARIES, summaryKey(id), 'x');
    const base = readerContext();
    const services = { ...base.services, s3: buckets.s3, bundles: createBundles(directory) };
    const context = { ...base, services, signal: stop.signal };
    const args = reader.args.parse({});
    const version = await reader.locate(args, context);
    if ('nothingNew' in version) throw new Error(version.nothingNew);
    buckets.onGet = () => {
      if (buckets.gets.length === 100) stop.abort(new Error('stop'));
    };
    await expect(reader.fetch(version, args, context)).rejects.toThrow('stop');
    expect(buckets.gets.length).toBeLessThan(200);
  });

  it('refuses a list that was replaced between the look at it and its download', async () => {
    const { publish, sync, buckets } = bench();
    publish(four);
    let looks = 0;
    buckets.onGet = (path) => {
      if (path.startsWith(LIST.bucket) && ++looks === 2) publish(four.slice(1));
    };
    expect((await errorOf(sync())).code).toBe('E_SOURCE_CHANGED');
  });

  it('reads all of a list that is not sorted, and says so', async () => {
    const { publish, sync, buckets, warnings } = bench();
    publish([four[1], four[0], four[3], four[2]].filter((record) => record !== undefined));
    await sync({}, '2024-01-02T00:00:00Z');
    expect(fetchedRecords(buckets)).toEqual([c, d, b]);
    expect(warnings.map(({ code }) => code)).toContain('W_ORCID_LIST_UNSORTED');
  });

  it.each([
    ['whose order is the other one', [...four].reverse(), [b, c, d]],
    ['with one old row before the others', [four[3], four[0], four[1], four[2]], [d, c, b]],
    ['with one old row among the others', [four[0], four[3], four[1], four[2]], [d, c, b]],
  ])('misses nothing of a list %s', async (_, list, expected) => {
    const { publish, sync, buckets, warnings } = bench();
    publish(list.filter((record) => record !== undefined));
    await sync({}, '2024-01-02T00:00:00Z');
    expect(fetchedRecords(buckets)).toEqual(expected);
    expect(warnings.map(({ code }) => code)).toContain('W_ORCID_LIST_UNSORTED');
    expect(await sync({}, '2024-02-01T00:00:00Z')).toEqual({
      nothingNew: expect.stringContaining('2024-01-04T08:00:00.186Z, before since') as string,
    });
  });

  it.each([
    ['another header', 'orcid;path\n', /its first row is "orcid;path"/],
    ['a time that is none', `orcid,path,date_created,last_modified\n${a},p,x,yesterday\n`, /row 2 should be/],
    ['a row that is cut short', `orcid,path,date_created,last_modified\n${a},p\n`, /row 2 should be/],
    ['no rows but noise', `${'x'.repeat(20_000)}\n`, /a row of more than 4096 bytes|first row is/],
  ])('refuses a list with %s', async (_, content, message) => {
    const { sync, buckets } = bench();
    buckets.put(LIST.bucket, LIST.key, gzipSync(buildTar([{ name: 'last_modified.csv', content }])));
    const error = await errorOf(sync());
    expect([error.code, error.message]).toEqual(['E_SOURCE_UNEXPECTED', expect.stringMatching(message)]);
  });

  it('refuses a list without its CSV, and one that is no tar', async () => {
    const { sync, buckets } = bench();
    buckets.put(LIST.bucket, LIST.key, buildTar([{ name: 'readme', content: 'x' }]));
    expect((await errorOf(sync())).code).toBe('E_SOURCE_UNEXPECTED');
    buckets.put(LIST.bucket, LIST.key, '<html>');
    expect((await errorOf(sync())).code).toBe('E_TAR_CORRUPT');
  });

  it('wants both keys or none', () => {
    expect(reader.args.safeParse({ access_key: 'a' }).error?.issues[0]?.message).toContain('"secret_key" together');
    expect(reader.args.safeParse({ origin: null }).success).toBe(false);
  });
});

const list = sharedData('orcid', 'last_modified.csv.tar');

describe.skipIf(list === undefined)('the list of ORCID', () => {
  it('is read row by row, and up to since', async () => {
    const options = { name: 'last_modified.csv.tar', signal: new AbortController().signal, warn: () => undefined };
    const rows = async (since?: Date): Promise<number> => {
      let count = 0;
      const records = readLastModified(createReadStream(list ?? ''), options);
      for await (const { id } of newerRecords(records, since, () => undefined)) {
        expect(id).toHaveLength(19);
        count += 1;
      }
      return count;
    };
    expect(await rows()).toBe(20_078);
    expect(await rows(new Date('2023-09-07T11:23:21.288Z'))).toBe(2);
    expect(await rows(new Date('2023-09-07T11:23:21.289Z'))).toBe(1);
  });
});
