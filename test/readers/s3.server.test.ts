/** The reader `s3` against a real S3 server. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3 } from '../../readers/s3.ts';
import type { FetchContext, SourceReader, SourceVersion } from '../../src/component/reader.ts';
import { createS3Service } from '../../src/s3/create-s3-service.ts';
import { errorOf } from '../support/read-resource.ts';
import { readerContext } from '../support/source-reader-context.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startVersityGateway } from '../support/versity-gateway.ts';

const reader: SourceReader = s3;
const buckets = await startVersityGateway();

afterAll(() => buckets?.stop());

describe.skipIf(buckets === undefined)('s3, from a real server', () => {
  const put = async (key: string, content: string): Promise<void> => buckets?.put('dumps', key, content);
  beforeAll(async () => {
    await buckets?.createBucket('dumps');
    await put('2024/a.jsonl', '{"id":"a"}');
    await put('2024/b.jsonl', '{"id":"b"}');
    await put('2024/readme.txt', 'x');
  });

  const args = () =>
    reader.args.parse({
      bucket: 'dumps',
      prefix: '2024/',
      regex: '\\.jsonl$',
      endpoint: buckets?.endpoint,
      access_key: buckets?.accessKey,
      secret_key: buckets?.secretKey,
    });
  const contextOf = (since?: Date): FetchContext => {
    const base = readerContext();
    const options = { spoolDirectory: tempDir(), allowedHosts: [], userAgent: 'vocab-sync/0.0.0' };
    const service = createS3Service({ ...options, logger: base.services.logger, timing: { attempts: 1 } });
    return {
      ...base,
      services: { ...base.services, s3: service },
      since: since === undefined ? undefined : { time: since, origin: 'watermark' },
    };
  };
  const locate = async (context: FetchContext): Promise<SourceVersion> => {
    const version = await reader.locate(args(), context);
    if ('nothingNew' in version) throw new Error(version.nothingNew);
    return version;
  };

  it('reads what is there, then only what is written later', async () => {
    const context = contextOf();
    const version = await locate(context);
    expect(JSON.stringify(version)).not.toContain(buckets?.secretKey);
    const files = await reader.fetch(version, args(), context);
    expect(files.map(({ name, path }) => [name, readFileSync(path, 'utf8')])).toEqual([
      ['2024/a.jsonl', '{"id":"a"}'],
      ['2024/b.jsonl', '{"id":"b"}'],
    ]);
    const newest = new Date(version.published ?? '');
    // The server counts in seconds: an object of the next one is certainly newer.
    await expect.poll(() => Date.now() - newest.getTime(), { timeout: 10_000 }).toBeGreaterThan(2000);
    const since = new Date(newest.getTime() + 1000);
    expect(await reader.locate(args(), contextOf(since))).toMatchObject({
      nothingNew: expect.stringContaining('s3://dumps/2024/') as string,
    });
    await put('2024/b.jsonl', '{"id":"b","again":true}');
    const later = contextOf(since);
    const changed = await reader.fetch(await locate(later), args(), later);
    expect(changed.map(({ name, bytes }) => [name, bytes])).toEqual([['2024/b.jsonl', 23]]);
  });

  it('refuses a bucket that is written while it is read', async () => {
    const context = contextOf();
    const version = await locate(context);
    await put('2024/c.jsonl', '{"id":"c"}');
    expect((await errorOf(reader.fetch(version, args(), context))).code).toBe('E_SOURCE_CHANGED');
  });
});
