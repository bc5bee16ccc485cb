import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { s3 } from '../../readers/s3.ts';
import type { FetchedFile, Since, SourceReader, SourceVersion } from '../../src/component/reader.ts';
import { memoryBuckets, type MemoryBuckets } from '../support/memory-buckets.ts';
import { errorOf } from '../support/read-resource.ts';
import { readerContext } from '../support/source-reader-context.ts';
import { tempDir } from '../support/temp-dir.ts';

const reader: SourceReader = s3;

type Located = SourceVersion | { nothingNew: string };

interface Bench {
  readonly buckets: MemoryBuckets;
  locate(args: object, since?: string, previous?: Located): Promise<Located>;
  read(args: object, since?: string, previous?: Located): Promise<string[]>;
}

function bench(): Bench {
  const buckets = memoryBuckets(tempDir());
  buckets.put('bucket', 'dumps/a.json', '[1]', new Date('2024-01-01T10:00:00Z'));
  buckets.put('bucket', 'dumps/b.json', '[2]', new Date('2024-01-02T10:00:00Z'));
  buckets.put('bucket', 'dumps/c.csv', '3', new Date('2024-01-03T10:00:00Z'));
  buckets.put('bucket', 'dumps/', '', new Date('2024-01-09T10:00:00Z'));
  buckets.put('bucket', 'other/d.json', '[4]', new Date('2024-01-04T10:00:00Z'));
  const base = readerContext();
  const contextOf = (since: string | undefined, previous?: Located) => ({
    ...base,
    ...(previous === undefined || 'nothingNew' in previous ? {} : { previous }),
    services: { ...base.services, s3: buckets.s3 },
    since: since === undefined ? undefined : ({ time: new Date(since), origin: 'watermark' } satisfies Since),
  });
  const locate: Bench['locate'] = async (args, since, previous) => {
    const parsed = reader.args.parse({ bucket: 'bucket', ...args });
    const version = await reader.locate(parsed, contextOf(since, previous));
    return JSON.parse(JSON.stringify(version)) as typeof version;
  };
  return {
    buckets,
    locate,
    async read(args, since, previous) {
      const version = await locate(args, since, previous);
      if ('nothingNew' in version) return [version.nothingNew];
      const parsed = reader.args.parse({ bucket: 'bucket', ...args });
      const files: readonly FetchedFile[] = await reader.fetch(version, parsed, contextOf(since));
      return files.map(({ name, path }) => `${name} ${readFileSync(path, 'utf8')}`);
    },
  };
}

describe('s3', () => {
  it.each([
    [{}, undefined, ['dumps/a.json [1]', 'dumps/b.json [2]', 'dumps/c.csv 3', 'other/d.json [4]']],
    [{ prefix: 'dumps/' }, undefined, ['dumps/a.json [1]', 'dumps/b.json [2]', 'dumps/c.csv 3']],
    [{ regex: '\\.json$' }, undefined, ['dumps/a.json [1]', 'dumps/b.json [2]', 'other/d.json [4]']],
    [{ prefix: 'dumps/' }, '2024-01-02T10:00:00.000Z', ['dumps/b.json [2]', 'dumps/c.csv 3']],
    [{ prefix: 'dumps/' }, '2024-01-02T10:00:00.900Z', ['dumps/b.json [2]', 'dumps/c.csv 3']],
    [{ prefix: 'dumps/' }, '2024-01-02T10:00:01.000Z', ['dumps/c.csv 3']],
    [{ since: '2024-01-04' }, '2020-01-01T00:00:00.000Z', ['other/d.json [4]']],
    [{ since: 'none', prefix: 'other/' }, '2025-01-01T00:00:00.000Z', ['other/d.json [4]']],
  ])('reads with %j and the watermark %s what is new, in the order of the keys', async (args, since, expected) => {
    expect(await bench().read(args, since)).toEqual(expected);
  });

  it('finds nothing new where all is older', async () => {
    const found = await bench().read({ prefix: 'dumps/' }, '2024-06-01T00:00:00Z');
    expect(found).toEqual(['Nothing in s3://bucket/dumps/ was written at or after since 2024-06-01T00:00:00.000Z.']);
  });

  it('has the same identity as long as the same objects are new', async () => {
    const { locate, buckets } = bench();
    const first = await locate({});
    expect(await locate({})).toEqual(first);
    buckets.put('bucket', 'dumps/a.json', '[1, 1]', new Date('2024-01-01T10:00:00Z'));
    expect(await locate({})).not.toMatchObject({ identity: 'identity' in first ? first.identity : '' });
  });

  it('reads what appears after a run under an earlier time, and nothing twice', async () => {
    const { buckets, locate, read } = bench();
    const ago = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);
    buckets.put('bucket', 'dumps/young.json', '[9]', ago(5));
    const first = await locate({ prefix: 'dumps/' });
    const since = ago(0).toISOString();
    expect(await read({ prefix: 'dumps/' }, since, first)).toEqual([
      expect.stringContaining('was written at or after'),
    ]);
    buckets.put('bucket', 'dumps/late.json', '[10]', ago(2));
    buckets.put('bucket', 'dumps/parts.json', '[11]', ago(6 * 24 * 60));
    const second = await locate({ prefix: 'dumps/' }, since, first);
    expect(await read({ prefix: 'dumps/' }, since, first)).toEqual(['dumps/late.json [10]', 'dumps/parts.json [11]']);
    // Under the same key and time, but with other content.
    buckets.put('bucket', 'dumps/young.json', '[9, 9]', ago(5));
    expect(await read({ prefix: 'dumps/' }, since, second)).toEqual(['dumps/young.json [9, 9]']);
  });

  it('goes by the time alone where the job or the operator says it', async () => {
    const { buckets, locate, read } = bench();
    const first = await locate({});
    buckets.put('bucket', 'late.json', '[10]', new Date('2024-01-05T10:00:00Z'));
    expect(await read({ since: '2024-01-06' }, undefined, first)).toEqual([expect.stringContaining('2024-01-06')]);
  });

  it('is an error where a prefix or a regex finds nothing at all', async () => {
    const { read } = bench();
    expect(await errorOf(read({ prefix: 'dump-' }))).toMatchObject({
      code: 'E_SOURCE_EMPTY',
      message: expect.stringContaining('s3://bucket/dump-') as string,
    });
    const error = await errorOf(read({ regex: '\\.jsn$' }));
    expect([error.code, error.message]).toEqual(['E_ARCHIVE_NO_MATCH', expect.stringContaining('dumps/a.json')]);
  });

  it('refuses a bucket that changes between its list and its objects', async () => {
    const added = bench();
    const version = await added.locate({});
    added.buckets.put('bucket', 'new.json', '[]');
    const parsed = reader.args.parse({ bucket: 'bucket' });
    const base = readerContext();
    const context = { ...base, services: { ...base.services, s3: added.buckets.s3 } };
    if ('nothingNew' in version) throw new Error(version.nothingNew);
    expect((await errorOf(reader.fetch(version, parsed, context))).code).toBe('E_SOURCE_CHANGED');
    const replaced = bench();
    replaced.buckets.onGet = () => {
      replaced.buckets.put('bucket', 'other/d.json', '[5]');
    };
    expect((await errorOf(replaced.read({}))).code).toBe('E_SOURCE_CHANGED');
  });

  it('stops at more objects than allowed', async () => {
    expect((await errorOf(bench().read({ max_objects: 2 }))).code).toBe('E_ARCHIVE_ENTRIES');
  });

  it.each([
    [{ access_key: 'a' }, '"secret_key" together'],
    [{ endpoint: 'https://user:password@s3.example.org' }, 'without user name and password'],
    [{ regex: '(?=a)' }, 'RE2'],
    [{ since: 'yesterday' }, 'found'],
  ])('refuses %j', (args, message) => {
    expect(reader.args.safeParse({ bucket: 'b', ...args }).error?.issues[0]?.message).toContain(message);
  });
});
