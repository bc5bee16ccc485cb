/** The writer `webhook`: what a receiver can answer, and what it can rely on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VocabSyncError } from '../../src/errors.ts';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { Change, ChangeResult } from '../../src/records/change.ts';
import { keyOf, sign } from '../../writers/webhook/open-webhook-sink.ts';
import { webhook } from '../../writers/webhook.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { startWebhookServer, type WebhookServer } from '../support/webhook-server.ts';

const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
let server: WebhookServer;
beforeEach(async () => {
  server = await startWebhookServer();
});
afterEach(() => server.close());

const write = async (changes: readonly Change[], more: object = {}): Promise<readonly ChangeResult[]> => {
  const args = webhook.args.parse({ url: server.url, secret: server.secret, ...more });
  const sink = await webhook.open(args, {
    ...{ run: 'run-1', job: 'job-a', task: 'main', signal: new AbortController().signal, api, logger: silentLogger() },
    turn: () => Promise.resolve(),
  });
  return sink.write(changes);
};
const insert = (id: string, name: unknown = id): Change => ({
  ...{ id, kind: 'insert', document: { id, name }, overwrites: false },
});
const failureOf = (work: Promise<unknown>): Promise<VocabSyncError> =>
  work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown as VocabSyncError,
  );
const answering = (status: number, body = '', headers: Record<string, string> = {}): void => {
  server.before = (response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
};

it('signs as the libraries of Standard Webhooks check it', () => {
  // The example of their test suites.
  const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  expect(sign(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '1614265330', '{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

it('sends the same batch under the same id, and every change under a key of its own', async () => {
  await write([insert('a'), insert('b')]);
  await write([insert('a'), insert('b')]);
  await write([insert('c')]);
  const ids = server.requests.map(({ headers }) => headers['webhook-id']);
  expect(ids[0]).toMatch(/^msg_\w{32}$/);
  expect([ids[1] === ids[0], ids[2] === ids[0]]).toEqual([true, false]);
  expect(new Set(server.requests.flatMap(({ changes }) => changes.map(({ key }) => key))).size).toBe(3);
  expect(server.done).toEqual(['insert a', 'insert b', 'insert c']);
});

it('takes a 2xx without results for all of the batch', async () => {
  server.answersEach = false;
  expect(await write([insert('a'), insert('b')])).toMatchObject([{ result: 'done' }, { result: 'done' }]);
});

describe('a receiver that answers results', () => {
  it('is believed for each change, and asked again for one that it leaves out', async () => {
    const results = [
      { id: 'a', result: 'done' },
      { id: 'b', result: 'rejected', message: 'No such country.' },
      { id: 'c', result: 'again', after: 3 },
    ];
    answering(207, JSON.stringify({ results }));
    expect(await write(['a', 'b', 'c', 'd'].map((id) => insert(id)))).toMatchObject([
      { id: 'a', result: 'done' },
      { id: 'b', result: 'rejected', code: 'E_TARGET_REFUSED', message: 'No such country.' },
      { id: 'c', result: 'again', after: 3000 },
      { id: 'd', result: 'again' },
    ]);
  });

  it('that cannot be read ends the publication', async () => {
    answering(200, '{"results": [{"id": "a", "result": "ok"}]}');
    const error = await failureOf(write([insert('a')]));
    expect([error.code, error.message]).toEqual(['E_TARGET_FORBIDDEN', expect.stringContaining('results.0.result')]);
  });
});

it.each([400, 422])('a batch that is refused with %s is halved until the change to blame is alone', async (status) => {
  server.before = (response, changes) => {
    if (!changes.some(({ record }) => record['name'] === 'bad')) return false;
    response.writeHead(status).end('{"message": "A name is bad."}');
    return true;
  };
  const names = ['a', 'b', 'bad', 'd', 'e'];
  const results = await write(names.map((name) => insert(name)));
  expect(results.map(({ result }) => result)).toEqual(['done', 'done', 'rejected', 'done', 'done']);
  expect(results[2]).toMatchObject({ message: expect.stringContaining('A name is bad') as string });
  expect(server.done).toHaveLength(4);
});

it.each([408, 409, 425, 429, 500, 503])('%s is tried again, after Retry-After', async (status) => {
  answering(status, '', { 'retry-after': '7' });
  const error = await failureOf(write([insert('a'), insert('b')]));
  expect(error).toMatchObject({ code: 'E_TARGET_UNAVAILABLE', retryAfter: 7000 });
});

it.each([503, 401])('a receiver that answers %i within a refused batch keeps what it has taken', async (status) => {
  let requests = 0;
  server.before = (response) => {
    requests += 1;
    if (requests === 2) return false;
    response.writeHead(requests === 1 ? 413 : status).end();
    return true;
  };
  const results = await write([insert('a'), insert('b')]);
  expect(results.map(({ result }) => result)).toEqual(['done', 'again']);
});

it.each([401, 403, 404, 410])('%s ends the publication with the words of the receiver', async (status) => {
  answering(status, '{"message": "Not for you."}');
  const error = await failureOf(write([insert('a')]));
  expect([error.code, error.message]).toEqual(['E_TARGET_FORBIDDEN', expect.stringContaining('Not for you')]);
});

it('a wrong secret is refused by the receiver and shown by nobody', async () => {
  const error = await failureOf(write([insert('a')], { secret: 'another-secret' }));
  expect(error.code).toBe('E_TARGET_FORBIDDEN');
  expect(error.message).not.toContain('another-secret');
  expect(() => keyOf('whsec_not base64!')).toThrow(expect.objectContaining({ code: 'E_TARGET_FORBIDDEN' }) as Error);
});

it('follows no redirect', async () => {
  const other = await startWebhookServer();
  answering(307, '', { location: other.url });
  expect((await failureOf(write([insert('a')]))).code).toBe('E_TARGET_FORBIDDEN');
  expect(other.requests).toEqual([]);
  await other.close();
});

it('says where a job allows to publish over edits of others', async () => {
  await write([{ ...insert('a'), overwrites: true }]);
  expect(server.requests[0]?.changes[0]).toMatchObject({ overwrites: true });
});
