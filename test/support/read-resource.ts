/** Resources and contexts for tests of readers. */
import { readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import type {
  ContainerReader,
  ParserReader,
  ReadContext,
  Reader,
  RecordSourceReader,
  Warning,
} from '../../src/component/reader.ts';
import type { PlacedResource, Resource } from '../../src/component/resource.ts';
import type { HttpService, Services, SpoolService } from '../../src/component/services.ts';
import { VocabSyncError } from '../../src/errors.ts';
import { isFailure, type ReadItem } from '../../src/records/entry.ts';
import { createSpool } from '../../src/spool/create-spool.ts';
import { makeTempDir } from './make-temp-dir.ts';
import { noApi, noBundles, noS3, noSftp } from './no-services.ts';
import { silentLogger } from './silent-logger.ts';

const noHttp: HttpService = {
  get: () => Promise.reject(new Error('a test of readers asked for HTTP')),
  download: () => Promise.reject(new Error('a test of readers asked for HTTP')),
};

/** Without a directory, what is spooled leaves nothing behind once it is released. */
export function testServices(directory?: string): Services {
  const spool = directory === undefined ? passingSpool() : createSpool(directory);
  return { http: noHttp, api: noApi, s3: noS3, sftp: noSftp, bundles: noBundles, spool, logger: silentLogger() };
}

/** Each file in a directory of its own, made when it is needed and gone with the file. */
function passingSpool(): SpoolService {
  return {
    async materialise(resource, signal) {
      const directory = makeTempDir();
      const remove = () => {
        rmSync(directory, { recursive: true, force: true });
      };
      try {
        const { path, release } = await createSpool(directory).materialise(resource, signal);
        return { path, release: () => release().finally(remove) };
      } catch (error) {
        remove();
        throw error;
      }
    },
  };
}

export interface TestContext extends ReadContext {
  readonly warnings: Warning[];
}

export function testContext(options: Partial<ReadContext> = {}): TestContext {
  const warnings: Warning[] = [];
  return {
    from: 0,
    since: undefined,
    signal: new AbortController().signal,
    services: options.services ?? testServices(),
    warn: (warning) => warnings.push(warning),
    ...options,
    warnings,
  };
}

/** Bytes in memory as a resource that delivers them in chunks of these sizes, the last size repeated. */
export function bytesResource(
  content: string | Buffer,
  sizes: readonly number[] = [65_536],
  name = 'test.json',
): Resource {
  const bytes = Buffer.from(content);
  return { name, bytes: bytes.length, stream: () => inChunks(bytes, sizes) };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous by contract
async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer, void, undefined> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[Math.min(i, sizes.length - 1)] ?? 1);
    // A copy: code that keeps a view of a reused chunk is found.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    at += chunk.length;
    yield chunk;
  }
}

export function pathResource(path: string): Resource {
  const bytes = readFileSync(path);
  return { name: basename(path), path, bytes: bytes.length, stream: () => inChunks(bytes, [100_000]) };
}

export async function readRecords(
  reader: Reader,
  input: Resource,
  args: unknown = {},
  context = testContext(),
): Promise<ReadItem[]> {
  const items: ReadItem[] = [];
  for await (const batch of asParser(reader).read(input, reader.args.parse(args), context)) items.push(...batch);
  return items;
}

export async function readMembers(
  reader: Reader,
  input: Resource,
  args: unknown = {},
  context = testContext(),
): Promise<PlacedResource[]> {
  const members: PlacedResource[] = [];
  for await (const member of singly(asContainer(reader).read(input, reader.args.parse(args), context)))
    members.push(member);
  return members;
}

/** What a container yields, one resource after the other. */
export async function* singly(
  read: AsyncIterable<PlacedResource | readonly PlacedResource[]>,
): AsyncGenerator<PlacedResource, void, undefined> {
  for await (const given of read) {
    if ('position' in given) yield given;
    else yield* given;
  }
}

export async function contentOf(resource: Resource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of resource.stream()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Values as they are, failures as their code: what an operator would count. */
export function outline(items: readonly ReadItem[]): unknown[] {
  return items.map((item) => (isFailure(item) ? `${String(item.position)}:${item.error.code}` : item.value));
}

/** The error that something throws on purpose; anything else that it does fails the test. */
export async function errorOf(work: Promise<unknown>): Promise<VocabSyncError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof VocabSyncError) return thrown;
  throw thrown instanceof Error ? thrown : new Error('it should have thrown, but it ended well');
}

export function asParser(reader: Reader): ParserReader | RecordSourceReader {
  if (reader.emits !== 'records') throw new Error(`${reader.type} is no parser`);
  return reader;
}

export function asContainer(reader: Reader): ContainerReader {
  if (reader.accepts !== 'bytes' || reader.emits !== 'bytes') throw new Error(`${reader.type} is no container`);
  return reader;
}
