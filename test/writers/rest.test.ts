/** The writer `rest`: what it makes of answers to look-ups, and of answers that come too late. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { ChangesSink } from '../../src/component/writer.ts';
import type { Change } from '../../src/records/change.ts';
import { rest } from '../../writers/rest.ts';
import { restArgsFor, startRestServer, type RestServer } from '../support/rest-server.ts';
import { silentLogger } from '../support/silent-logger.ts';

const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
let server: RestServer;
beforeEach(async () => {
  server = await startRestServer();
});
afterEach(() => server.close());

const open = async (more: object = {}): Promise<ChangesSink> =>
  rest.open(rest.args.parse({ ...restArgsFor(server.url), if_match: 'quoted', ...more }), {
    ...{ run: 'run-1', job: 'job-a', task: 'main', signal: new AbortController().signal, api, logger: silentLogger() },
    turn: () => Promise.resolve(),
  });
const change = (kind: Change['kind'], more: Partial<Change> = {}): Change => ({
  ...{ id: 'a', kind, document: { id: 'a', name: 'One' }, overwrites: false },
  ...more,
});

it('waits as long as the answer to a look-up asks for', async () => {
  const { write } = await open();
  server.before = ({ method }, response) => {
    if (method === 'GET') response.writeHead(429, { 'retry-after': '7' }).end();
    return method === 'GET';
  };
  // Without an ETag, the record is looked up before it is replaced.
  expect(await write([change('update')])).toMatchObject([{ result: 'again', after: 7000 }]);
});

it.each(['create', 'look'])('ends an answer that is too late, of %s', async (request) => {
  const { write } = await open({ timeout_seconds: 1 });
  const late = request === 'create' ? 'POST' : 'GET';
  server.after = ({ method }) => method === late;
  const [result] = await write([change(request === 'create' ? 'insert' : 'update')]);
  expect(result?.result).toBe('again');
});

it('does not make a record again whose answer came too late', async () => {
  const sink = await open({ timeout_seconds: 1 });
  server.after = ({ method }) => method === 'POST';
  await sink.write([change('insert')]);
  const held = await sink.look?.(['a']);
  expect(await sink.write([change('insert', { found: { held: held?.get('a') } })])).toMatchObject([{ result: 'done' }]);
  expect(server.done).toEqual(['create a']);
});

it('takes a record for its own that was made after it was looked up', async () => {
  const { write } = await open();
  server.records.set('a', { id: 'a', name: 'One', added: 'by the server' });
  server.revisions.set('a', 1);
  const [done] = await write([change('insert', { found: { held: undefined } })]);
  expect(done).toMatchObject({ result: 'done', remote: { etag: '"1"' } });
  server.records.set('a', { id: 'a', name: 'Another' });
  expect(await write([change('insert')])).toMatchObject([{ result: 'conflict' }]);
  expect(server.done).toEqual([]);
});

it('leaves an edit as it is that was made after the record was looked up', async () => {
  const sink = await open();
  server.records.set('a', { id: 'a', name: 'Published' });
  server.revisions.set('a', 1);
  const held = await sink.look?.(['a']);
  server.records.set('a', { id: 'a', name: 'Edited' });
  server.revisions.set('a', 2);
  const update = change('update', { found: { held: held?.get('a') } });
  expect(await sink.write([update])).toMatchObject([{ result: 'conflict' }]);
  expect(server.records.get('a')).toEqual({ id: 'a', name: 'Edited' });
});

it('names no ETag when it makes a record again that was removed', async () => {
  const { write } = await open();
  const [made] = await write([change('insert')]);
  const remote = made?.result === 'done' && made.remote !== undefined ? { remote: made.remote } : {};
  server.records.delete('a');
  expect(await write([change('restore', remote)])).toMatchObject([{ result: 'done' }]);
});
