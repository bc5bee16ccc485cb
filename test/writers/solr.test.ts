/** The writer `solr`: answers that concern a part of a batch. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { Change, ChangeResult } from '../../src/records/change.ts';
import { solr } from '../../writers/solr.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { startSolrServer, type SolrServer } from '../support/solr-server.ts';

const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
let server: SolrServer;
beforeEach(async () => {
  server = await startSolrServer();
});
afterEach(() => server.close());

const write = async (...names: unknown[]): Promise<readonly ChangeResult[]> => {
  const sink = await solr.open(solr.args.parse({ url: server.url, collection: 'affiliations' }), {
    ...{ run: 'run-1', job: 'job-a', task: 'main', signal: new AbortController().signal, api, logger: silentLogger() },
    turn: () => Promise.resolve(),
  });
  const insert = (name: unknown, i: number): Change => {
    const id = String.fromCharCode('a'.charCodeAt(0) + i);
    return { id, kind: 'insert', document: { id, name }, overwrites: false };
  };
  return sink.write(names.map(insert));
};
/** The answers to the first updates; the ones after them are carried out. */
const answering = (...answers: readonly (readonly [number, Record<string, string>?] | undefined)[]): void => {
  let count = 0;
  server.before = (path, response) => {
    const answer = path.endsWith('/update') ? answers[count++] : undefined;
    if (answer === undefined) return false;
    response.writeHead(...answer).end('{"error": {"msg": "No."}}');
    return true;
  };
};

it('is sent in halves where it is too large, and a document that is too large alone is rejected', async () => {
  answering([413], undefined, [413]);
  expect(await write('One', 'Two')).toMatchObject([
    { id: 'a', result: 'done' },
    { id: 'b', result: 'rejected', message: expect.stringContaining('No.') as string },
  ]);
});

it.each([
  [503, { 'retry-after': '7' }, 7000],
  [401, {}, undefined],
] as const)('keeps what was stored before an answer of %i, and how long to wait', async (status, headers, after) => {
  answering([413], undefined, [status, headers]);
  const results = await write('One', 'Two');
  expect(results.map(({ result }) => result)).toEqual(['done', 'again']);
  expect((results[1] as { after?: number }).after).toBe(after);
});

it('stores the other documents of an update that ends at one that Solr refuses', async () => {
  const results = await write('One', ['two', 'names'], 'Three');
  expect(results.map(({ result }) => result)).toEqual(['done', 'rejected', 'done']);
  expect([...server.documents.keys()]).toEqual(['a', 'c']);
});
