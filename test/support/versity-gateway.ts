/**
 * A real S3 server for tests: versitygw 1.8.0, found by VERSITYGW_PATH, on PATH, in our cache, or built once through Go
 * (under two minutes). Where none of that works one loud line says so and the tests that need it are left out; CI fails.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Place } from '../../src/component/s3-service.ts';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { childEnvironment, loadSettings } from '../../src/settings.ts';
import { makeTempDir } from './make-temp-dir.ts';

const VERSION = '1.8.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`;
const BUILD_MILLISECONDS = 15 * 60_000;
const START_MILLISECONDS = 30_000;

export interface TestBuckets {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** As the readers take it, with credentials. */
  place(bucket: string): S3Place;
  /** Made where it is missing; with `isPublic` anybody may read it. */
  createBucket(bucket: string): Promise<void>;
  put(bucket: string, key: string, content: string | Buffer): Promise<void>;
  readonly client: S3Client;
  /** SIGKILL, and started again with the same content. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Undefined where there is no such program and none can be built. */
export async function startVersityGateway(): Promise<TestBuckets | undefined> {
  const program = await findProgram();
  if (typeof program !== 'string') {
    if (process.env['CI'] !== undefined) throw new Error(`no S3 server for tests: ${program.missing}`);
    console.error(`\n*** An S3 server cannot be had, the tests that need it are SKIPPED: ${program.missing}\n`);
    return undefined;
  }
  return start(program);
}

async function start(program: string): Promise<TestBuckets> {
  const directory = makeTempDir('vocab-sync-s3-');
  const [data, sidecar] = [join(directory, 'data'), join(directory, 'sidecar')];
  mkdirSync(data);
  mkdirSync(sidecar);
  const port = await findFreePort();
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const [accessKey, secretKey] = ['test-access', 'test-secret-of-the-gateway'];
  const launch = (): Launched => {
    const args = ['--port', `127.0.0.1:${String(port)}`, '--quiet', 'posix', '--sidecar', sidecar, data];
    const child = spawn(program, args, {
      env: childEnvironment({ ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey }),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
    });
    const gone = new Promise<void>((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
    return {
      ended: () => (child.exitCode === null ? undefined : log),
      async kill() {
        child.kill('SIGKILL');
        await gone;
      },
    };
  };
  let launched = launch();
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
  const stop = async (): Promise<void> => {
    client.destroy();
    await launched.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(endpoint, launched.ended);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    endpoint,
    accessKey,
    secretKey,
    client,
    place: (bucket) => ({
      bucket,
      endpoint,
      region: 'us-east-1',
      pathStyle: true,
      credentials: { accessKey, secretKey },
    }),
    async createBucket(bucket) {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
    },
    async put(bucket, key, content) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
    },
    async kill() {
      await launched.kill();
      launched = launch();
      await untilReady(endpoint, launched.ended);
    },
    stop,
  };
}

interface Launched {
  /** What it wrote before it ended by itself. Undefined while it runs. */
  ended(): string | undefined;
  kill(): Promise<void>;
}

async function untilReady(endpoint: string, ended: () => string | undefined): Promise<void> {
  const deadline = Date.now() + START_MILLISECONDS;
  for (;;) {
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return;
    const log = ended();
    if (log !== undefined) throw new Error(`versitygw ended at once: ${log}`);
    if (Date.now() > deadline) throw new Error('versitygw does not answer');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function findProgram(): Promise<string | { readonly missing: string }> {
  const configured = process.env['VERSITYGW_PATH'];
  const cached = join(loadSettings().cacheDirectory, `versitygw-${VERSION}`, 'versitygw');
  for (const candidate of configured === undefined ? ['versitygw', cached] : [configured]) {
    const works = await promisify(execFile)(candidate, ['--version'], { timeout: 20_000 }).then(
      () => true,
      () => false,
    );
    if (works) return candidate;
  }
  if (configured !== undefined) return { missing: `VERSITYGW_PATH names ${configured}, which does not run` };
  return build(cached);
}

async function build(target: string): Promise<string | { readonly missing: string }> {
  console.error(`Building versitygw ${VERSION} with Go, an S3 server for tests (once; up to two minutes).`);
  mkdirSync(dirname(target), { recursive: true });
  const directory = mkdtempSync(`${target}.`);
  try {
    const env = childEnvironment({ GOBIN: directory });
    await promisify(execFile)('go', ['install', MODULE], { env, timeout: BUILD_MILLISECONDS });
    if (!existsSync(target)) renameSync(join(directory, 'versitygw'), target);
    return target;
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { missing: isMissing ? 'there is no program `go` on PATH' : String(error).slice(0, 500) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
