/** A writer of an index for a test, and the changes that the engine would hand to it. */
import type { ChangesContext, ChangesSink } from '../../../src/component/writer.ts';
import { createApiService } from '../../../src/http/create-api-service.ts';
import type { Change, ChangeResult } from '../../../src/records/change.ts';
import type { Document } from '../../../src/records/document.ts';
import { opensearch } from '../../../writers/opensearch.ts';
import { silentLogger } from '../../support/silent-logger.ts';

export const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
export const { signal } = new AbortController();

export interface IndexBench {
  readonly sink: ChangesSink;
  send(...changes: Change[]): Promise<readonly ChangeResult[]>;
}

export async function openIndexBench(args: object, more: Partial<ChangesContext> = {}): Promise<IndexBench> {
  const sink = await opensearch.open(opensearch.args.parse({ index: 'vocabulary', ...args }), {
    ...{ run: 'run-1', job: 'job-a', task: 'main', signal, api, logger: silentLogger() },
    turn: () => Promise.resolve(),
    ...more,
  });
  return { sink, send: (...changes) => sink.write(changes) };
}

export function change(kind: Change['kind'], document: Document, more: Partial<Change> = {}): Change {
  return { id: document.id, kind, document, overwrites: false, ...more };
}

/** What the engine keeps of an answer and hands back with the next change. */
export function remoteOf(result: ChangeResult | undefined): Partial<Change> {
  return result?.result === 'done' && result.remote !== undefined ? { remote: result.remote } : {};
}
