/** A query that is sent by POST: it is repeated like a GET, follows redirects on its host, and goes to no other. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createHttpService } from '../../src/http/create-http-service.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

function post(url: string) {
  const http = createHttpService({
    spoolDirectory: tempDir(),
    allowedHosts: [],
    userAgent: 'vocab-sync/0.0.0',
    logger: silentLogger(),
    timing: { connect: 2_000, stall: 2_000, retries: 1, pause: 5 },
  });
  return http.get(url, { signal: new AbortController().signal, method: 'POST', form: { query: 'a b&c' } });
}

it('sends a form, again after a passing error and behind a redirect', async () => {
  const seen: string[] = [];
  const url = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers['content-type'] ?? ''} ${body}`);
      if (seen.length === 1) response.writeHead(503).end();
      else if (request.url === '/') response.writeHead(307, { location: '/there' }).end();
      else response.end('answer');
    });
  });
  expect(await post(url)).toMatchObject({ status: 200, body: 'answer' });
  const sent = 'application/x-www-form-urlencoded query=a+b%26c';
  expect(seen).toEqual([`POST / ${sent}`, `POST / ${sent}`, `POST /there ${sent}`]);
});

it('is not sent on to another host', async () => {
  let isAsked = false;
  const other = await serve((_request, response) => {
    isAsked = true;
    response.end();
  });
  const url = await serve((_request, response) => response.writeHead(302, { location: other }).end());
  expect((await errorOf(post(url))).code).toBe('E_SOURCE_UNEXPECTED');
  expect(isAsked).toBe(false);
});
