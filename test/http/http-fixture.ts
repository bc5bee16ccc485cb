/** A service on a spool of its own and a source, with clocks that suit a test. */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HttpService } from '../../src/component/services.ts';
import { createHttpService, type HttpServiceOptions } from '../../src/http/create-http-service.ts';
import { VocabSyncError } from '../../src/errors.ts';
import { silentLogger, type LogLine } from '../support/silent-logger.ts';
import { startSourceServer, type SourceDump, type SourceServer } from '../support/source-server.ts';
import { tempDir } from '../support/temp-dir.ts';

export const NAME = 'v2.9-2026-06-23-ror-data.zip';

/** Begins as a zip does, so that nothing takes it for text. */
export function zipLike(size: number): Buffer {
  return Buffer.concat([Buffer.from('PK\x03\x04'), randomBytes(size - 4)]);
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface HttpFixture {
  readonly source: SourceServer;
  readonly http: HttpService;
  readonly spool: string;
  readonly lines: readonly LogLine[];
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
  /** Another service on the same spool, as another process would have it. */
  readonly service: (options?: Partial<HttpServiceOptions>) => HttpService;
  /** The requests for the file so far. */
  readonly fileRequests: () => SourceServer['requests'];
}

export async function startFixture(dump: Partial<SourceDump> = {}): Promise<HttpFixture> {
  const bytes = dump.bytes ?? zipLike(300_000);
  const source = await startSourceServer({ dumps: [{ name: NAME, date: '2026-06-23', ...dump, bytes }] });
  onTestFinished(() => source.close());
  const spool = tempDir();
  const logger = silentLogger();
  const service = (options: Partial<HttpServiceOptions> = {}): HttpService =>
    createHttpService({
      spoolDirectory: spool,
      allowedHosts: [],
      userAgent: 'vocab-sync/0.0.0 (+https://example.org)',
      logger,
      timing: { connect: 2_000, stall: 400, retries: 2, pause: 5 },
      ...options,
    });
  return {
    source,
    http: service(),
    spool,
    lines: logger.lines,
    bytes,
    signal: new AbortController().signal,
    service,
    fileRequests: () => source.requests.filter(({ place }) => place === 'file'),
  };
}

/** The error of a promise that must fail with one of ours. */
export async function failureOf(promise: Promise<unknown>): Promise<VocabSyncError> {
  const error: unknown = await promise.then(
    () => new Error('expected a failure, it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof VocabSyncError) return error;
  throw error;
}

export function spoolFiles(spool: string): readonly string[] {
  return readdirSync(join(spool, 'downloads')).sort();
}

/** The address of a server on 127.0.0.1 that answers as it is told. */
export async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}
