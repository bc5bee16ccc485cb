/** The file writer with a real S3 server (versitygw). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { SnapshotSink } from '../../src/component/writer.ts';
import type { S3Target } from '../../src/component/s3-service.ts';
import type { Document } from '../../src/records/document.ts';
import { createS3Service } from '../../src/s3/create-s3-service.ts';
import { file } from '../../writers/file.ts';
import { fileFields, type FileArgs as Args } from '../../writers/file/file-args.ts';
import { noApi } from '../support/no-services.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startVersityGateway, type TestBuckets } from '../support/versity-gateway.ts';

const gateway = await startVersityGateway();

afterAll(() => gateway?.stop());

function server(): TestBuckets {
  if (gateway === undefined) throw new Error('no S3 server');
  return gateway;
}

const { signal } = new AbortController();

function bucketsOf(): S3Target {
  const timing = { connect: 2000, stall: 2000, attempts: 1 };
  const options = { spoolDirectory: tempDir(), allowedHosts: [], userAgent: 'vocab-sync/0.0.0' };
  return createS3Service({ ...options, logger: silentLogger(), timing }).target;
}

const argsOf = (path: string, more: object = {}): Args =>
  fileFields.parse({
    path: `s3://vocabularies/${path}`,
    endpoint: server().endpoint,
    access_key: server().accessKey,
    secret_key: server().secretKey,
    ...more,
  });

const open = (args: Args, run = 'run-1', job = 'job-a'): Promise<SnapshotSink> =>
  file.open(args, { run, job, logger: silentLogger(), buckets: bucketsOf(), signal });
const inspect = (args: Args) => file.inspect?.(args, { job: 'job-a', buckets: bucketsOf(), signal });
const preflight = async (args: Args, job = 'job-a'): Promise<void> =>
  file.preflight?.(args, { job, api: noApi, buckets: bucketsOf(), signal });

async function publish(args: Args, documents: readonly Document[], run?: string, job?: string) {
  const sink = await open(args, run, job);
  try {
    await sink.write(documents);
    return await sink.commit();
  } finally {
    await sink.close();
  }
}

async function keys(prefix: string): Promise<readonly (string | undefined)[]> {
  const found = await server().client.send(new ListObjectsV2Command({ Bucket: 'vocabularies', Prefix: prefix }));
  return (found.Contents ?? []).map(({ Key }) => Key);
}

async function read(key: string): Promise<Buffer> {
  const { Body } = await server().client.send(new GetObjectCommand({ Bucket: 'vocabularies', Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function uploads(): Promise<readonly (string | undefined)[]> {
  const found = await server().client.send(new ListMultipartUploadsCommand({ Bucket: 'vocabularies' }));
  return (found.Uploads ?? []).map(({ Key }) => Key);
}

const documents = [{ id: 'a', name: 'Ä' }, { id: 'b' }];
const linesOf = (records: readonly Document[]) => records.map((one) => `${JSON.stringify(one)}\n`).join('');

describe.skipIf(gateway === undefined)('a file in a bucket', () => {
  beforeAll(() => server().createBucket('vocabularies'));

  let key = '';
  let tests = 0;
  beforeEach(() => {
    key = `t${String(++tests)}/out.jsonl`;
  });

  it('appears whole with its manifest, is in place, and is replaced', async () => {
    const args = argsOf(key);
    await preflight(args);
    expect([await keys(key), await uploads()]).toEqual([[], []]);
    const done = await publish(args, documents);
    expect(done).toMatchObject({ path: `s3://vocabularies/${key}`, records: 2 });
    expect(String(await read(key))).toBe(linesOf(documents));
    expect(JSON.parse(String(await read(`${key}.manifest.json`)))).toMatchObject({
      ...{ made_by: 'vocab-sync', file: 'out.jsonl', records: 2, bytes: done.bytes, job: 'job-a', run: 'run-1' },
    });
    expect(await inspect(args)).toBeUndefined();
    await preflight(args);
    await publish(args, documents.slice(1), 'run-2');
    expect(String(await read(key))).toBe(linesOf(documents.slice(1)));
    expect(await inspect(args)).toBeUndefined();
    const head = await server().client.send(new HeadObjectCommand({ Bucket: 'vocabularies', Key: key }));
    expect(head.ContentType).toBe('application/x-ndjson');
  });

  it('may be without records', async () => {
    await publish(argsOf(key), []);
    expect((await read(key)).length).toBe(0);
    expect(await uploads()).toEqual([]);
  });

  it('is uploaded in parts, and shows nothing before the end', async () => {
    const sink = await open(argsOf(key));
    const texts = Array.from({ length: 40 }, (_, i) => ({ id: String(i), text: String(i % 10).repeat(1024 * 1024) }));
    for (const record of texts) await sink.write([record]);
    expect([await keys(key), await uploads()]).toEqual([[], [key]]);
    await sink.commit();
    await sink.close();
    expect((await read(key)).equals(Buffer.from(linesOf(texts)))).toBe(true);
    expect(await uploads()).toEqual([]);
  });

  it('leaves nothing when it is closed before its end', async () => {
    const sink = await open(argsOf(key));
    await sink.write(documents);
    await sink.close();
    expect([await keys(key), await uploads()]).toEqual([[], []]);
  });

  it('ends what a killed worker began, so that a sleeping one publishes nothing', async () => {
    const args = argsOf(key);
    const sleeping = await open(args, 'run-1');
    await sleeping.write([{ id: 'old' }]);
    const other = { Bucket: 'vocabularies', Key: `${key}x` };
    const { UploadId } = await server().client.send(new CreateMultipartUploadCommand(other));
    await publish(args, documents, 'run-2');
    const refusal = await errorOf(sleeping.commit());
    expect([refusal.code, refusal.kind]).toEqual(['E_LEASE_LOST', 'unavailable']);
    await sleeping.close();
    expect(String(await read(key))).toBe(linesOf(documents));
    // Another client's upload is still there.
    await server().client.send(new UploadPartCommand({ ...other, UploadId, PartNumber: 1, Body: 'x' }));
    expect(await uploads()).toEqual([`${key}x`]);
  });

  it('keeps versions, a pointer to the latest, and the changes of each run', async () => {
    const args = argsOf(`${key}.gz`, { compress: 'gzip', keep: 2, feed: true });
    await publish(args, documents, 'r1');
    await publish(args, [], 'r2');
    await publish(args, documents.slice(1), 'r3');
    const folder = `${key}.gz`;
    expect(await keys(key)).toEqual([
      ...['00000001.jsonl', '00000002.jsonl', '00000003.jsonl', 'state.gz'].map((name) => `${folder}.changes/${name}`),
      `${folder}.manifest.json`,
      ...['r2', 'r3'].flatMap((run) => ['', '.manifest.json'].map((end) => `${folder}.versions/${run}.jsonl.gz${end}`)),
    ]);
    const pointer = JSON.parse(String(await read(`${folder}.manifest.json`))) as { file: string; changes: number };
    expect(pointer).toMatchObject({ file: 'out.jsonl.gz.versions/r3.jsonl.gz', changes: 3 });
    expect(String(gunzipSync(await read(`t${String(tests)}/${pointer.file}`)))).toBe(linesOf(documents.slice(1)));
    expect(String(await read(`${folder}.changes/00000003.jsonl`))).toContain('{"change":"inserted","id":"b"');
    expect(await inspect(args)).toBeUndefined();
    const later = await publish(
      argsOf(`${key}.gz`, { compress: 'gzip', keep: 2, feed: true }),
      documents.slice(1),
      'r4',
    );
    expect(later.records).toBe(1);
    expect(await keys(`${folder}.versions/r4`)).toEqual([]);
    expect(await inspect(args)).toBeUndefined();
  });

  it('replaces the object by versions when they are wanted later', async () => {
    await publish(argsOf(key), documents);
    await publish(argsOf(key, { keep: 1 }), documents.slice(1), 'run-2');
    expect(await keys(key)).toEqual([
      `${key}.manifest.json`,
      `${key}.versions/run-2.jsonl`,
      `${key}.versions/run-2.jsonl.manifest.json`,
    ]);
  });

  it('is seen to be gone or replaced', async () => {
    const args = argsOf(key);
    expect(await inspect(args)).toContain('is gone');
    await publish(args, documents);
    await server().put('vocabularies', key, 'x'.repeat(Buffer.byteLength(linesOf(documents))));
    expect(await inspect(args)).toContain('was replaced');
    await server().put('vocabularies', key, 'x');
    expect(await inspect(args)).toContain('bytes');
  });

  it('never replaces what it did not write, or what another job wrote', async () => {
    await server().put('vocabularies', key, 'mine');
    for (const more of [{}, { keep: 2 }]) {
      expect((await errorOf(preflight(argsOf(key, more)))).code).toBe('E_TARGET_CONFLICT');
      expect((await errorOf(open(argsOf(key, more)))).code).toBe('E_TARGET_CONFLICT');
    }
    for (const [name, more] of [
      [`${key}.one`, { format: 'jsonl' }],
      [`${key}.two`, { format: 'jsonl', keep: 2 }],
    ] as const) {
      await publish(argsOf(name, more), documents);
      const error = await errorOf(preflight(argsOf(name, more), 'job-b'));
      expect([error.code, error.message]).toEqual(['E_TARGET_CONFLICT', expect.stringContaining('job-a')]);
    }
    expect(String(await read(key))).toBe('mine');
  });

  it('is refused before the run with what is wrong, and never a secret', async () => {
    const cases: readonly (readonly [Args, string, string])[] = [
      [argsOf(key, { secret_key: 'the-wrong-secret' }), 'E_TARGET_FORBIDDEN', 'access is denied'],
      [{ ...argsOf(key), path: `s3://no-such-bucket/${key}` }, 'E_TARGET_FORBIDDEN', 'no such bucket'],
      [argsOf(key, { endpoint: 'http://127.0.0.1:1' }), 'E_TARGET_UNAVAILABLE', 'refused the connection'],
    ];
    for (const [args, code, message] of cases) {
      const error = await errorOf(preflight(args));
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
      const said = JSON.stringify([error.message, error.details, String(error.cause), error.stack]);
      for (const secret of ['the-wrong-secret', server().secretKey]) expect(said).not.toContain(secret);
    }
  });
});

describe('a server that refuses', () => {
  async function answering(status: number, code: string) {
    const listening = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    });
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      listening.close();
      listening.closeAllConnections();
    });
    const endpoint = `http://127.0.0.1:${String((listening.address() as AddressInfo).port)}`;
    return { bucket: 'b', endpoint, region: 'us-east-1', pathStyle: true };
  }

  it.each([
    [503, 'SlowDown', 'E_TARGET_UNAVAILABLE'],
    [500, 'InternalError', 'E_TARGET_UNAVAILABLE'],
    [507, 'XMinioStorageFull', 'E_DISK_FULL'],
    [403, 'QuotaExceeded', 'E_DISK_FULL'],
    [403, 'AccessDenied', 'E_TARGET_FORBIDDEN'],
    [404, 'NoSuchBucket', 'E_TARGET_FORBIDDEN'],
    [404, 'NoSuchUpload', 'E_LEASE_LOST'],
    [501, 'NotImplemented', 'E_TARGET_FORBIDDEN'],
    [400, 'BadDigest', 'E_TARGET_FORBIDDEN'],
  ])('%i %s is %s', async (status, code, expected) => {
    const place = await answering(status, code);
    const options = { signal, contentType: 'text/plain' };
    expect((await errorOf(bucketsOf().put(place, 'k', Buffer.from('x'), options))).code).toBe(expected);
    expect((await errorOf(bucketsOf().upload(place, 'k', options))).code).toBe(expected);
  });
});
