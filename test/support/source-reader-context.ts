/** What the engine hands to a source reader, with what it told. */
import { onTestFinished } from 'vitest';
import type { FetchContext, Since, Warning } from '../../src/component/reader.ts';
import type { Services } from '../../src/component/services.ts';
import { createHttpService } from '../../src/http/create-http-service.ts';
import { noApi, noBundles, noS3, noSftp } from './no-services.ts';
import { silentLogger, type LogLine } from './silent-logger.ts';
import { startSourceServer, type SourceDump, type SourceServer } from './source-server.ts';
import { tempDir } from './temp-dir.ts';

export interface TestContext extends FetchContext {
  readonly warnings: Warning[];
  readonly progress: { readonly bytes: number; readonly total?: number }[];
  readonly lines: readonly LogLine[];
}

export function readerContext(
  options: { readonly since?: Since; readonly allowedHosts?: readonly string[] } = {},
): TestContext {
  const logger = silentLogger();
  const warnings: Warning[] = [];
  const progress: TestContext['progress'] = [];
  const spool: Services['spool'] = { materialise: () => Promise.reject(new Error('not needed')) };
  const http = createHttpService({
    spoolDirectory: tempDir(),
    allowedHosts: options.allowedHosts ?? [],
    userAgent: 'vocab-sync/0.0.0',
    logger,
    timing: { connect: 2_000, stall: 400, retries: 1, pause: 5 },
  });
  return {
    since: options.since,
    signal: new AbortController().signal,
    services: { http, api: noApi, s3: noS3, sftp: noSftp, bundles: noBundles, spool, logger },
    warn: (warning) => {
      warnings.push(warning);
    },
    onProgress: (seen) => {
      progress.push(seen);
    },
    warnings,
    progress,
    lines: logger.lines,
  };
}

export async function startSource(...dumps: readonly SourceDump[]): Promise<SourceServer> {
  const source = await startSourceServer({ dumps });
  onTestFinished(() => source.close());
  return source;
}

/** With other than the dump of ROR. */
export async function startSourceOf(options: Parameters<typeof startSourceServer>[0]): Promise<SourceServer> {
  const source = await startSourceServer(options);
  onTestFinished(() => source.close());
  return source;
}
