/** A sink of the writer `invenio-rdm` on a server of the tests, and what its log says. */
import type { ChangesSink } from '../../../src/component/writer.ts';
import { createApiService } from '../../../src/http/create-api-service.ts';
import type { Change, ChangeResult } from '../../../src/records/change.ts';
import { invenioRdm } from '../../../writers/invenio-rdm.ts';
import type { InvenioServer } from '../../support/invenio-server.ts';
import { silentLogger, type LogLine } from '../../support/silent-logger.ts';

export const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });

export interface InvenioBench {
  readonly sink: ChangesSink;
  readonly log: readonly LogLine[];
  send(...changes: Change[]): Promise<ChangeResult[]>;
}

export async function openInvenioBench(
  { url, token }: Pick<InvenioServer, 'url' | 'token'>,
  args: object = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<InvenioBench> {
  const logger = silentLogger();
  const sink = await invenioRdm.open(invenioRdm.args.parse({ url, token, vocabulary: 'affiliations', ...args }), {
    ...{ run: 'run-1', job: 'job-a', task: 'main' },
    ...{ signal, api, logger, turn: () => Promise.resolve() },
  });
  return { sink, log: logger.lines, send: async (...changes) => [...(await sink.write(changes))] };
}

export function change(kind: Change['kind'], document: Change['document'], more: Partial<Change> = {}): Change {
  return { id: document.id, kind, document, overwrites: false, ...more };
}
