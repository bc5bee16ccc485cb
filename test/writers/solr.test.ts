/** The writer `solr`: answers that concern a part of a batch. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { ChangesSink } from '../../src/component/writer.ts';
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

const open = async (more: object = {}): Promise<ChangesSink> =>
  solr.open(solr.args.parse({ url: server.url, collection: 'affiliations', ...more }), {
    ...{ run: 'run-1', job: 'job-a', task: 'main', signal: new AbortController().signal, api, logger: silentLogger() },
    turn: () => Promise.resolve(),
  });
const insert = (name: unknown, i: number): Change => {
  const id = String.fromCharCode('a'.charCodeAt(0) + i);
  return { id, kind: 'insert', document: { id, name }, overwrites: false };
};
const write = async (...names: unknown[]): Promise<readonly ChangeResult[]> => (await open()).write(names.map(insert));
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

describe('a commit that Solr ignores', () => {
  const commits = (): number => server.requests.filter((path) => path.endsWith('/update')).length - 1;

  it('is repeated until searches show the documents that were added and deleted', async () => {
    const sink = await open();
    const results = await sink.write(['One', 'Two'].map(insert));
    await sink.finish?.();
    expect([...server.shown.keys()]).toEqual(['a', 'b']);
    const [made] = results;
    const remote = made?.result === 'done' ? made.remote : undefined;
    await sink.write([
      { ...insert('One', 0), kind: 'withdraw', ...(remote === undefined ? {} : { remote }) },
      insert('Three', 2),
    ]);
    server.ignoredCommits = 2;
    const before = commits();
    await sink.finish?.();
    expect([...server.shown.keys()]).toEqual(['b', 'c']);
    expect(commits() - before).toBe(3);
  });

  it('is repeated for deletions alone', async () => {
    const sink = await open();
    const [made] = await sink.write([insert('One', 0)]);
    await sink.finish?.();
    const remote = made?.result === 'done' ? made.remote : undefined;
    await sink.write([{ ...insert('One', 0), kind: 'withdraw', ...(remote === undefined ? {} : { remote }) }]);
    server.ignoredCommits = 1;
    await sink.finish?.();
    expect([...server.shown.keys()]).toEqual([]);
  });

  it('is given up after the timeout, to be tried again', async () => {
    const sink = await open({ timeout_seconds: 1 });
    await sink.write(['One', 'Two'].map(insert));
    server.ignoredCommits = 1000;
    await expect(sink.finish?.()).rejects.toThrow(/to show 2 of the last changes after a commit, such as a,/);
  });

  it('is not waited for where the user may not search', async () => {
    const sink = await open();
    await sink.write([insert('One', 0)]);
    server.before = (path, response) => {
      if (path.endsWith('/select')) response.writeHead(403).end();
      return path.endsWith('/select');
    };
    await sink.finish?.();
    expect(commits()).toBe(1);
  });

  it('is not waited for where another client wrote the documents since, or nothing was written', async () => {
    const sink = await open();
    await sink.write([insert('One', 0)]);
    server.edit('a', { id: 'a', name: 'Edited' });
    await sink.finish?.();
    await (await open()).finish?.();
    expect(commits()).toBe(2);
  });
});
