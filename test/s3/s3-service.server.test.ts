/** Against a real S3 server (versitygw). */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { S3Object, S3Place, S3Service } from '../../src/component/s3-service.ts';
import { createS3Service } from '../../src/s3/create-s3-service.ts';
import { contentOf, errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startVersityGateway, type TestBuckets } from '../support/versity-gateway.ts';

const buckets = await startVersityGateway();

afterAll(() => buckets?.stop());

function gateway(): TestBuckets {
  if (buckets === undefined) throw new Error('no S3 server');
  return buckets;
}

const signal = new AbortController().signal;

function service(spoolDirectory = tempDir(), allowedHosts: readonly string[] = []): S3Service {
  const timing = { connect: 2000, stall: 2000, attempts: 1 };
  return createS3Service({
    spoolDirectory,
    allowedHosts,
    userAgent: 'vocab-sync/0.0.0',
    logger: silentLogger(),
    timing,
  });
}

async function listAll(s3: S3Service, place: S3Place, prefix?: string): Promise<S3Object[]> {
  const found: S3Object[] = [];
  for await (const page of s3.list(place, { signal, ...(prefix === undefined ? {} : { prefix }) })) found.push(...page);
  return found;
}

describe.skipIf(buckets === undefined)('the S3 service', () => {
  const large = Buffer.alloc(5 * 1024 * 1024, 'a large object ');

  beforeAll(async () => {
    await gateway().createBucket('bucket');
    await gateway().put('bucket', 'dumps/large.bin', large);
    await gateway().put('bucket', 'dumps/ä b+c.xml', '<x/>');
    await Promise.all(Array.from({ length: 1100 }, (_, i) => gateway().put('bucket', `many/${String(i)}`, String(i))));
  });

  it('lists more than a page, in the order of the keys, under a prefix', async () => {
    const found = await listAll(service(), gateway().place('bucket'), 'many/');
    expect(found.map(({ key }) => key)).toEqual(Array.from({ length: 1100 }, (_, i) => `many/${String(i)}`).sort());
    expect(found[0]).toEqual({
      key: 'many/0',
      bytes: 1,
      etag: '"cfcd208495d565ef66e7dff9f98764da"',
      lastModified: expect.any(Date) as Date,
    });
  });

  it('gives an object as a stream, whatever its key holds', async () => {
    const answer = await service().get(gateway().place('bucket'), 'dumps/ä b+c.xml', { signal });
    expect(String(await contentOf({ name: 'x', stream: () => answer.body }))).toBe('<x/>');
    expect([answer.bytes, answer.etag]).toEqual([4, expect.stringMatching(/^"\w{32}"$/)]);
  });

  it('downloads an object once', async () => {
    const s3 = service();
    const place = gateway().place('bucket');
    const [object] = await listAll(s3, place, 'dumps/large');
    if (object === undefined) throw new Error('no object');
    const progress: number[] = [];
    const request = { signal, onProgress: ({ bytes }: { bytes: number }) => progress.push(bytes) };
    const first = await s3.download(place, object, request);
    expect(readFileSync(first.path).equals(large)).toBe(true);
    expect(progress.at(-1)).toBe(large.length);
    progress.length = 0;
    expect(await s3.download(place, object, request)).toEqual(first);
    expect(progress).toEqual([]);
  });

  it('goes on where a connection broke', async () => {
    const directory = tempDir();
    const relay = await startCuttingRelay(gateway().endpoint, 1024 * 1024);
    onTestFinished(relay.close);
    const place = { ...gateway().place('bucket'), endpoint: relay.url };
    const s3 = service(directory);
    const [object] = await listAll(s3, place, 'dumps/large');
    if (object === undefined) throw new Error('no object');
    relay.cut();
    const { path } = await s3.download(place, object, { signal });
    expect(readFileSync(path).equals(large)).toBe(true);
    expect(relay.delivered()).toBeLessThan(large.length + 3 * 1024 * 1024);
  });

  it('refuses an object that was replaced', async () => {
    const s3 = service();
    const place = gateway().place('bucket');
    await gateway().put('bucket', 'moving', 'first');
    const [object] = await listAll(s3, place, 'moving');
    if (object === undefined) throw new Error('no object');
    await gateway().put('bucket', 'moving', 'second');
    expect((await errorOf(s3.download(place, object, { signal }))).code).toBe('E_SOURCE_CHANGED');
    expect((await errorOf(s3.get(place, 'moving', { signal, etag: object.etag }))).code).toBe('E_SOURCE_CHANGED');
  });

  it('reads without credentials what anybody may read, and only that', async () => {
    const { credentials: _, ...anonymous } = gateway().place('open-bucket');
    await gateway().createBucket('open-bucket');
    await gateway().put('open-bucket', 'a', 'public');
    const denied = await errorOf(service().get(anonymous, 'a', { signal }));
    expect([denied.code, denied.message]).toEqual(['E_SOURCE_NOT_FOUND', expect.stringContaining('access is denied')]);
    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: ['s3:GetObject', 's3:ListBucket'],
      Resource: ['arn:aws:s3:::open-bucket', 'arn:aws:s3:::open-bucket/*'],
    };
    await gateway().client.send(
      new PutBucketPolicyCommand({ Bucket: 'open-bucket', Policy: JSON.stringify({ Statement: [statement] }) }),
    );
    const answer = await service().get(anonymous, 'a', { signal });
    expect(String(await contentOf({ name: 'a', stream: () => answer.body }))).toBe('public');
    expect(await listAll(service(), anonymous)).toHaveLength(1);
  });

  it('says what is wrong, and never a secret', async () => {
    const place = gateway().place('bucket');
    const wrong = { ...place, credentials: { accessKey: gateway().accessKey, secretKey: 'the-wrong-secret' } };
    const cases: readonly (readonly [S3Place, string, string, string])[] = [
      [place, 'nothing', 'E_SOURCE_NOT_FOUND', 'there is no such object'],
      [{ ...place, bucket: 'no-bucket' }, 'a', 'E_SOURCE_NOT_FOUND', 'there is no such bucket'],
      [wrong, 'moving', 'E_SOURCE_NOT_FOUND', 'access is denied'],
      [{ ...place, endpoint: 'http://127.0.0.1:1' }, 'a', 'E_SOURCE_UNAVAILABLE', 'it refused the connection'],
    ];
    for (const [asked, key, code, message] of cases) {
      const error = await errorOf(service().get(asked, key, { signal }));
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
      const told = JSON.stringify([error.message, error.details, String(error.cause), error.stack]);
      for (const secret of ['the-wrong-secret', gateway().secretKey]) expect(told).not.toContain(secret);
    }
  });

  it('asks only hosts that are allowed', async () => {
    const s3 = service(tempDir(), ['example.org']);
    expect((await errorOf(s3.get(gateway().place('bucket'), 'moving', { signal }))).code).toBe('E_HOST_NOT_ALLOWED');
  });

  it('writes no secret and no half file into the spool', async () => {
    const directory = tempDir();
    mkdirSync(join(directory, 'downloads'), { recursive: true });
    writeFileSync(join(directory, 'downloads', 'stranger'), '');
    const s3 = service(directory);
    const place = gateway().place('bucket');
    const [object] = await listAll(s3, place, 'dumps/large');
    if (object === undefined) throw new Error('no object');
    await s3.download(place, object, { signal });
    const files = readdirSync(join(directory, 'downloads'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.filter((path) => path.endsWith('.part'))).toEqual([]);
    for (const path of files) expect(readFileSync(path, 'latin1')).not.toContain(gateway().secretKey);
  });

  it('stops when it is aborted', async () => {
    const reason = new Error('stop');
    const aborted = { signal: AbortSignal.abort(reason) };
    await expect(service().get(gateway().place('bucket'), 'moving', aborted)).rejects.toBe(reason);
  });
});

/** Passes connections on; once told to, it cuts the next one after so many bytes of its answer. */
async function startCuttingRelay(endpoint: string, after: number) {
  const target = new URL(endpoint);
  let isCutting = false;
  let delivered = 0;
  const server = createServer((socket) => {
    const upstream = connect(Number(target.port), target.hostname);
    let passed = 0;
    upstream.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      delivered += chunk.length;
      if (isCutting && passed > after) {
        isCutting = false;
        socket.destroy();
        upstream.destroy();
        return;
      }
      if (!socket.write(chunk)) {
        upstream.pause();
        socket.once('drain', () => upstream.resume());
      }
    });
    socket.pipe(upstream);
    for (const end of [socket, upstream]) end.on('error', () => undefined);
    upstream.on('close', () => socket.end());
    socket.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut: () => {
      isCutting = true;
      delivered = 0;
    },
    delivered: () => delivered,
    close: () => {
      server.close();
    },
  };
}
