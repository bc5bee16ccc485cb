/** Requests that change something at the other side: sent once, followed nowhere, answered with any status. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { VocabSyncError } from '../../src/errors.ts';
import { createApiService } from '../../src/http/create-api-service.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const service = (allowedHosts: readonly string[] = []) => createApiService({ allowedHosts, userAgent: 'test' });
const { signal } = new AbortController();
const errorOf = (work: Promise<unknown>): Promise<VocabSyncError> =>
  work.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown as VocabSyncError,
  );

it('hands on any status with its body, and how long it asks to wait', async () => {
  const url = await serve((request, response) => {
    response.writeHead(429, { 'Retry-After': '7', 'Content-Type': 'text/html' });
    response.end(`<h1>Slow down</h1> ${String(request.method)} ${String(request.headers['x-key'])}`);
  });
  const answer = await service().ask({ url, method: 'POST', headers: { 'x-key': 'k' }, body: '{}', signal });
  expect(answer).toMatchObject({ status: 429, retryAfter: 7000, reason: 'Slow down POST k' });
});

it.each(['0', 'Tue, 30 Jun 2026 00:00:00 GMT'])('takes Retry-After: %s for no answer to how long', async (asked) => {
  const url = await serve((_request, response) => {
    response.writeHead(429, { 'Retry-After': asked }).end();
  });
  expect((await service().ask({ url, method: 'GET', signal })).retryAfter).toBeUndefined();
});

it('takes a page in place of an answer for an error, and shows its words', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('\n<!DOCTYPE html><title>Log in</title>');
  });
  const error = await errorOf(service().ask({ url, method: 'POST', body: '{}', signal }));
  expect([error.code, error.message]).toEqual(['E_TARGET_FORBIDDEN', expect.stringContaining('Log in')]);
});

it('follows no redirect, so a credential stays where it was meant to go', async () => {
  let heard = 0;
  const other = await serve((_request, response) => {
    heard += 1;
    response.end();
  });
  const url = await serve((_request, response) => {
    response.writeHead(307, { Location: `${other}/elsewhere?token=1` });
    response.end();
  });
  const error = await errorOf(service().ask({ url, method: 'PUT', headers: { authorization: 'Bearer x' }, signal }));
  expect(error.code).toBe('E_TARGET_FORBIDDEN');
  expect(error.message).toContain('/elsewhere');
  expect(error.message).not.toContain('token=1');
  expect(heard).toBe(0);
});

it('says that a request may have been carried out when the connection breaks, and tries nothing again', async () => {
  let heard = 0;
  const url = await serve((request) => {
    heard += 1;
    request.socket.destroy();
  });
  const error = await errorOf(service().ask({ url, method: 'POST', body: 'x', signal }));
  expect([error.code, error.kind, heard]).toEqual(['E_TARGET_UNAVAILABLE', 'unavailable', 1]);
});

it('gives up on an answer that does not come or does not end', async () => {
  const silent = await serve(() => undefined);
  const late = await errorOf(service().ask({ url: silent, method: 'GET', timeoutMs: 200, signal }));
  expect(late.code).toBe('E_TARGET_UNAVAILABLE');
  const endless = await serve((_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(10_000)), 1);
    response.on('close', () => {
      clearInterval(timer);
    });
  });
  const long = await errorOf(service().ask({ url: endless, method: 'GET', maxBytes: 100_000, signal }));
  expect(long.code).toBe('E_TARGET_FORBIDDEN');
});

it('says where to name a private authority that signed the certificate of a target', async () => {
  const [key, cert] = ['key', 'cert'].map((name) =>
    readFileSync(join(import.meta.dirname, `../fixtures/tls/${name}.pem`)),
  );
  const server = createTlsServer({ key, cert }, (_request, response) => response.end());
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  const error = await errorOf(service().ask({ url, method: 'PUT', body: '{}', signal }));
  expect([error.code, error.message]).toEqual(['E_TARGET_FORBIDDEN', expect.stringContaining('NODE_EXTRA_CA_CERTS')]);
});

it('asks only hosts that it may ask', async () => {
  const error = await errorOf(service(['example.org']).ask({ url: 'http://127.0.0.1:1/', method: 'GET', signal }));
  expect(error.code).toBe('E_HOST_NOT_ALLOWED');
});
