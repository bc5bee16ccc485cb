/** The answers of a search server other than "done", and their results in the writer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VocabSyncError } from '../../../src/errors.ts';
import { opensearch } from '../../../writers/opensearch.ts';
import { noS3 } from '../../support/no-services.ts';
import { startSearchServer, type SearchServer } from '../../support/search-server.ts';
import { api, change, openIndexBench, remoteOf, signal, type IndexBench } from './open-index-bench.ts';

let server: SearchServer;
let bench: IndexBench;
beforeEach(async () => {
  server = await startSearchServer();
  bench = await openIndexBench({ url: server.url });
});
afterEach(() => server.close());

const insert = (id: string, name = 'One') => change('insert', { id, name });
const failureOf = (work: Promise<unknown>): Promise<VocabSyncError> =>
  work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown as VocabSyncError,
  );
const preflight = (args: object = {}): Promise<void> | undefined =>
  opensearch.preflight?.(opensearch.args.parse({ url: server.url, index: 'vocabulary', ...args }), {
    ...{ job: 'job-a', api, buckets: noS3.target, signal },
  });

it('is not created to be compared, and then holds nothing', async () => {
  server.exists = false;
  const { sink } = await openIndexBench({ url: server.url }, { readOnly: true });
  const held: unknown[] = [];
  for await (const some of sink.list?.(undefined) ?? []) held.push(...some);
  expect([held, (await sink.look?.(['a']))?.size, server.exists]).toEqual([[], 0, false]);
});

describe('a bulk request', () => {
  it('quotes the cause of a refusal', async () => {
    const [result] = await bench.send(change('insert', { id: 'a', name: { en: 'x' } }));
    expect(result).toMatchObject({
      result: 'rejected',
      code: 'E_TARGET_REFUSED',
      message: `The index does not take it (400): mapper_parsing_exception: failed to parse field [name] of type [text] (Can't get text on a START_OBJECT)`,
    });
  });

  it.each([429, 503])('with an item that fails with %d sends that item again', async (status) => {
    server.item = (id) =>
      id === 'a' ? { status, error: { type: 'rejected_execution_exception', reason: 'queue full' } } : undefined;
    const results = await bench.send(insert('a'), insert('b'));
    expect(results).toMatchObject([
      { id: 'a', result: 'again', ...(status === 429 ? { isBusy: true } : {}) },
      { id: 'b', result: 'done' },
    ]);
  });

  it('that is too large is sent in halves, and later ones are smaller from the start', async () => {
    server.before = (path, body, response) => {
      if (!path.endsWith('/_bulk') || body.length <= 1000) return false;
      response.writeHead(413).end();
      return true;
    };
    const name = 'n'.repeat(200);
    const some = (letter: string) => Array.from({ length: 16 }, (_, i) => insert(`${letter}${String(i)}`, name));
    const results = await bench.send(...some('a'), insert('large', 'n'.repeat(2000)));
    expect(results.filter(({ result }) => result === 'done')).toHaveLength(16);
    expect(results.at(-1)).toMatchObject({ id: 'large', result: 'rejected' });
    server.requests.length = 0;
    await bench.send(...some('b'));
    expect(server.documents.size).toBe(32);
    expect(server.requests.length).toBeLessThan(13);
  });

  it.each([
    [503, 7000],
    [401, undefined],
  ])('of which a later part fails with %i keeps the answers of the first', async (status, after) => {
    let count = 0;
    server.before = (path, body, response) => {
      if (!path.endsWith('/_bulk')) return false;
      if (body.length > 500) response.writeHead(413).end();
      else if ((count += 1) > 1) response.writeHead(status, { 'retry-after': '7' }).end('<h1>Oops</h1>');
      else return false;
      return true;
    };
    const results = await bench.send(...['a', 'b', 'c', 'd'].map((id) => insert(id, 'n'.repeat(150))));
    expect(results.map(({ result }) => result)).toContain('done');
    expect(results.at(-1)).toMatchObject({ id: 'd', result: 'again', ...(after === undefined ? {} : { after }) });
  });

  it('names no id that the server would refuse the whole request for', async () => {
    const long = 'ü'.repeat(257);
    expect(await bench.send(insert(long), insert('ü'.repeat(256)))).toMatchObject([
      { result: 'rejected', message: 'Expected an id of at most 512 bytes, found one of 514.' },
      { result: 'done' },
    ]);
  });

  it('to a server with a full disk is tried again', async () => {
    const error = { type: 'cluster_block_exception', reason: 'index read-only / allow delete (api)' };
    server.item = () => ({ status: 403, error });
    expect(await bench.send(insert('a'))).toMatchObject([{ result: 'again' }]);
  });

  it('without rights ends the publication with the words of the server', async () => {
    server.item = () => ({ status: 403, error: { type: 'security_exception', reason: 'no permissions for [bulk]' } });
    const error = await failureOf(bench.send(insert('a')));
    expect([error.code, error.message]).toEqual(['E_TARGET_FORBIDDEN', expect.stringContaining('no permissions')]);
  });

  it('that follows an edit and a re-creation of the index compares the documents', async () => {
    const [made] = await bench.send(insert('a'));
    server.edit('a', { name: 'One', id: 'a' });
    const update = change('update', { id: 'a', name: 'Two' }, { ...remoteOf(made), before: { id: 'a', name: 'One' } });
    expect(await bench.send(update)).toMatchObject([{ result: 'done' }]);
    server.edit('a', { id: 'a', name: 'Edited' });
    const [kept] = await bench.send({ ...update, document: { id: 'a', name: 'Three' }, before: update.document });
    expect(kept).toMatchObject({
      result: 'conflict',
      message: expect.stringContaining('It differs in name.') as string,
    });
  });
});

describe('a withdrawn record', () => {
  it('is marked where the job names a field, and is restored', async () => {
    const { send, sink } = await openIndexBench({ url: server.url, withdrawn_field: 'withdrawn' });
    const [made] = await send(insert('a'));
    const [gone] = await send(change('withdraw', { id: 'a', name: 'One' }, remoteOf(made)));
    expect(server.documents.get('a')?.source).toEqual({ id: 'a', name: 'One', withdrawn: true });
    expect((await sink.look?.(['a']))?.get('a')).toMatchObject({ state: 'gone', document: { id: 'a', name: 'One' } });
    await send(change('restore', { id: 'a', name: 'Two' }, remoteOf(gone)));
    expect(server.documents.get('a')?.source).toEqual({ id: 'a', name: 'Two' });
  });

  it('that was deleted in the index before is done', async () => {
    const [made] = await bench.send(insert('a'));
    server.documents.delete('a');
    const gone = change('withdraw', { id: 'a', name: 'One' }, remoteOf(made));
    expect(await bench.send(gone)).toMatchObject([{ result: 'done' }]);
  });
});

describe('the preflight', () => {
  it('writes nothing, and needs no index that can be created', async () => {
    server.exists = false;
    await preflight();
    expect(server.exists).toBe(false);
    const error = await failureOf(Promise.resolve(preflight({ on_missing_index: 'fail' })));
    expect(error.message).toContain('does not exist');
    server.exists = true;
    await preflight();
    expect(server.documents.size).toBe(0);
  });

  it('says what is wrong with the credential, the alias and the address', async () => {
    const answerWith = (status: number, body: string): void => {
      server.before = (_path, _body, response) => {
        response.writeHead(status).end(body);
        return true;
      };
    };
    answerWith(401, '{"error": {"type": "security_exception", "reason": "missing authentication credentials"}}');
    expect((await failureOf(Promise.resolve(preflight()))).message).toContain('missing authentication credentials');
    answerWith(200, '{"one": {}, "two": {}}');
    expect((await failureOf(Promise.resolve(preflight()))).message).toContain('alias of one index');
    answerWith(200, '<html><body>Welcome to nginx</body></html>');
    expect((await failureOf(Promise.resolve(preflight()))).message).toContain('Expected JSON');
    answerWith(302, '');
    expect((await failureOf(Promise.resolve(preflight()))).code).toBe('E_TARGET_FORBIDDEN');
  });

  it('sends the credential that the job names', async () => {
    await preflight({ username: 'me', password: 'secret' });
    expect(server.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
    await preflight({ api_key: 'abc' });
    expect(server.authorization).toBe('ApiKey abc');
  });
});
