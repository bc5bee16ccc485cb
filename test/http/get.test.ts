import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf, serve, startFixture } from './http-fixture.ts';

describe('a small answer', () => {
  it('is followed through redirects to its last address', async () => {
    const { http, source, signal } = await startFixture();
    const answer = await http.get(`${source.url}/10.5281/zenodo.6347574`, { signal });
    expect(answer.url).toBe(`${source.url}/records/20000001`);
    expect(answer.status).toBe(200);
    expect(answer.headers['link']).toContain('rel="linkset"');
  });

  it('is unpacked, and refused above 8 MiB even when it is small on the way', async () => {
    const { http, signal } = await startFixture();
    const bomb = gzipSync(Buffer.alloc(9 * 1024 * 1024));
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(request.url === '/bomb' ? bomb : gzipSync('grüezi'));
    });
    expect((await http.get(url, { signal })).body).toBe('grüezi');
    expect(await failureOf(http.get(`${url}/bomb`, { signal }))).toMatchObject({ code: 'E_SOURCE_TOO_LARGE' });
  });

  it('over TLS from a port that speaks plain HTTP fails at once', async () => {
    const { http, signal } = await startFixture();
    const url = await serve((_request, response) => response.end('plain'));
    const failure = failureOf(http.get(url.replace('http:', 'https:'), { signal }));
    expect(await failure).toMatchObject({ code: 'E_SOURCE_UNEXPECTED' });
  });

  it('a HEAD stays a HEAD through a redirect', async () => {
    const { http, signal } = await startFixture();
    const methods: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      methods.push(request.method);
      response.writeHead(request.url === '/' ? 302 : 200, { location: '/there' }).end();
    });
    await http.get(url, { signal, method: 'HEAD' });
    expect(methods).toEqual(['HEAD', 'HEAD']);
  });

  it('a header for the first host does not reach another', async () => {
    const { http, signal } = await startFixture();
    const seen: unknown[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers.accept);
      response.end('there');
    });
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: other }).end();
    });
    await http.get(url, { signal, headers: { Authorization: 'Bearer x', Accept: 'text/plain' } });
    expect(seen).toEqual(['Bearer x', undefined, 'text/plain']);
  });

  it('redirects in a circle end', async () => {
    const { http, signal } = await startFixture();
    const url = await serve((_, response) => {
      response.writeHead(302, { location: '/again' }).end();
    });
    const error = await failureOf(http.get(url, { signal }));
    expect(error).toMatchObject({ code: 'E_SOURCE_UNEXPECTED' });
    expect(error.message).toContain('redirects more than 10 times');
  });

  it('Retry-After as an HTTP date, and the rate-limit reset of InvenioRDM, are understood', async () => {
    const { http, signal } = await startFixture();
    const soon = new Date(Date.now() + 90_000);
    const url = await serve((request, response) => {
      const headers: Record<string, string> =
        request.url === '/date'
          ? { 'retry-after': soon.toUTCString() }
          : { 'x-ratelimit-reset': String(Math.floor(soon.getTime() / 1000)) };
      response.writeHead(429, headers).end();
    });
    for (const path of ['/date', '/reset']) {
      const error = (await failureOf(http.get(url + path, { signal }))) as unknown as { retryAfter: number };
      expect(error.retryAfter).toBeGreaterThan(80_000);
      expect(error.retryAfter).toBeLessThanOrEqual(90_000);
    }
  });

  it('a server that never answers is dropped; an abort ends the wait at once', async () => {
    const { http, signal } = await startFixture();
    const url = await serve(() => undefined);
    expect(await failureOf(http.get(url, { signal }))).toMatchObject({ code: 'E_SOURCE_UNAVAILABLE' });
    const started = Date.now();
    const stop = AbortSignal.timeout(30);
    await expect(http.get(url, { signal: stop })).rejects.toThrow(/timeout/);
    expect(Date.now() - started).toBeLessThan(350);
  });

  it('something that is not HTTP is not tried again', async () => {
    const { http, signal } = await startFixture();
    const { createServer: createTcp } = await import('node:net');
    const tcp = createTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      tcp.close();
    });
    const { port } = tcp.address() as AddressInfo;
    expect(await failureOf(http.get(`http://127.0.0.1:${String(port)}`, { signal }))).toMatchObject({
      code: 'E_SOURCE_UNEXPECTED',
    });
  });

  it('only allowed hosts are asked, with or without port and by pattern', async () => {
    const { service, source, signal } = await startFixture();
    const host = new URL(source.url).host;
    const url = `${source.url}/records/20000001`;
    for (const allowed of [host, '127.0.0.1']) {
      expect((await service({ allowedHosts: [allowed] }).get(url, { signal })).status).toBe(200);
    }
    for (const allowed of ['zenodo.org', '*.0.0.1.example']) {
      expect(await failureOf(service({ allowedHosts: [allowed] }).get(url, { signal }))).toMatchObject({
        code: 'E_HOST_NOT_ALLOWED',
      });
    }
  });
});
