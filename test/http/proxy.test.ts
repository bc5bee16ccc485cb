/** Requests of every client through a proxy, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { HttpService } from '../../src/component/services.ts';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { createApiService } from '../../src/http/create-api-service.ts';
import { createHttpService } from '../../src/http/create-http-service.ts';
import { redact } from '../../src/logging/redact.ts';
import { createS3Service } from '../../src/s3/create-s3-service.ts';
import { startProxy, type ProxyServer, type ProxyServerOptions } from '../support/proxy-server.ts';
import { PROJECT_ROOT } from '../support/source-files.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { failureOf } from './http-fixture.ts';

const { signal } = new AbortController();
/** For `source.test`, by an authority that Node does not trust by itself. */
const [cert = '', key = '', ca = ''] = ['cert', 'key', 'ca'].map((name) =>
  readFileSync(join(import.meta.dirname, `../fixtures/tls/${name}.pem`), 'utf8'),
);

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Names the headers that it was sent. */
const tell = (request: IncomingMessage): string => `${request.headers.host ?? ''}${request.url ?? ''}`;
const plain = (): Promise<number> => listen(createServer((request, response) => response.end(tell(request))));
const tls = (): Promise<number> =>
  listen(createTlsServer({ key, cert }, (request, response) => response.end(tell(request))));

function useProxy(url: string, more: Readonly<Record<string, string>> = {}): void {
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  for (const name of names) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries({ HTTP_PROXY: url, HTTPS_PROXY: url, ...more })) vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

async function proxy(options: ProxyServerOptions = {}): Promise<ProxyServer> {
  const started = await startProxy(options);
  onTestFinished(() => {
    started.close();
  });
  return started;
}

function service(): HttpService {
  const network = {
    ca,
    isPublic: (address: string) => !address.startsWith('127.') && !address.startsWith('10.'),
    lookup: ((name: string, options: { all?: boolean }, callback: (...found: unknown[]) => void) => {
      const address = name === 'inside.test' ? '10.0.0.1' : '127.0.0.1';
      if (name === 'source.test') callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }));
      else if (options.all === true) callback(null, [{ address, family: 4 }]);
      else callback(null, address, 4);
    }) as never,
  };
  const timing = { connect: 2000, stall: 2000, retries: 0, pause: 1 };
  return createHttpService({
    ...{ spoolDirectory: tempDir(), allowedHosts: [], userAgent: 'test', logger: silentLogger(), network, timing },
  });
}

describe('a request through a proxy', () => {
  it('is forwarded where it is plain, with a name that only the proxy knows', async () => {
    const { url, asked } = await proxy();
    const port = String(await plain());
    useProxy(url);
    const answer = await service().get(`http://source.test:${port}/list`, { signal });
    expect(answer.body).toBe(`source.test:${port}/list`);
    expect(asked).toEqual([`GET http://source.test:${port}/list`]);
    // The address that answered is that of the proxy: it says nothing of the source.
    expect(answer.network).toBe('public');
  });

  it('goes through a tunnel where it is encrypted, with the credentials of the proxy', async () => {
    const { url, asked } = await proxy({ credentials: 'vocab:p@ss word' });
    const port = String(await tls());
    useProxy(url.replace('//', '//vocab:p%40ss%20word@'));
    expect((await service().get(`https://source.test:${port}/list`, { signal })).body).toBe(`source.test:${port}/list`);
    expect(asked).toEqual([`CONNECT source.test:${port}`]);
    expect(redact('it said p@ss word')).not.toContain('p@ss word');
  });

  it.each(['http', 'https'])('ends where the proxy requires credentials (%s), without naming them', async (scheme) => {
    const { url } = await proxy({ credentials: 'vocab:right-password' });
    useProxy(url.replace('//', '//vocab:wrong-password@'));
    const port = String(scheme === 'http' ? await plain() : await tls());
    const failure = await failureOf(service().get(`${scheme}://source.test:${port}/`, { signal }));
    expect(failure).toMatchObject({ code: 'E_PROXY_REFUSED' });
    expect(failure.message).toContain('407');
    expect(JSON.stringify([failure.message, failure.details])).not.toContain('wrong-password');
  });

  it.each([
    [403, 'E_PROXY_REFUSED'],
    [502, 'E_SOURCE_UNAVAILABLE'],
  ])('ends where the tunnel is refused with %i', async (status, code) => {
    const { url } = await proxy({ refuses: () => status });
    useProxy(url);
    const failure = await failureOf(service().get('https://source.test/', { signal }));
    expect(failure).toMatchObject({ code });
    expect(failure.message).toContain('source.test:443');
  });

  it('names a proxy that cannot be reached', async () => {
    const { url, close } = await startProxy();
    close();
    useProxy(url);
    for (const address of ['http://source.test/', 'https://source.test/']) {
      const failure = await failureOf(service().get(address, { signal }));
      expect(failure).toMatchObject({ code: 'E_SOURCE_UNAVAILABLE' });
      expect(failure.message).toContain(new URL(url).host);
    }
  });

  it('is not made for the hosts of NO_PROXY', async () => {
    const { url, asked } = await proxy();
    const port = String(await plain());
    useProxy(url, { NO_PROXY: 'example.org,.inner.test,127.0.0.1' });
    expect((await service().get(`http://127.0.0.1:${port}/`, { signal })).body).toBe(`127.0.0.1:${port}/`);
    expect(asked).toEqual([]);
  });

  it.each(['socks5://127.0.0.1:1080', 'https://127.0.0.1:1080', 'ftp://127.0.0.1'])(
    'is refused for %s',
    async (value) => {
      useProxy(value);
      const failure = await failureOf(service().get('https://source.test/', { signal }));
      expect(failure).toMatchObject({ code: 'E_SETTINGS_INVALID' });
    },
  );

  it('does not lead a redirect inside', async () => {
    const { url } = await proxy();
    let to = '';
    const port = await listen(createServer((_request, response) => response.writeHead(302, { location: to }).end()));
    useProxy(url);
    for (to of ['http://10.0.0.1/', 'http://inside.test/']) {
      const failure = await failureOf(service().get(`http://source.test:${String(port)}/`, { signal }));
      expect(failure).toMatchObject({ code: 'E_REDIRECT_REFUSED' });
    }
  });
});

it('a writer sends its requests through the proxy, and hears that it refuses', async () => {
  const { url, asked } = await proxy({ credentials: 'a:b' });
  const port = String(await plain());
  useProxy(url.replace('//', '//a:b@'));
  const api = createApiService({ allowedHosts: [], userAgent: 'test' });
  const request = { url: `http://source.test:${port}/records/1`, method: 'PUT', body: '{}', signal };
  expect((await api.ask(request)).body).toBe(`source.test:${port}/records/1`);
  expect(asked).toEqual([`PUT http://source.test:${port}/records/1`]);
  useProxy(url);
  expect(await failureOf(api.ask(request))).toMatchObject({ code: 'E_PROXY_REFUSED' });
  expect(await failureOf(api.ask({ ...request, url: 'https://source.test/1' }))).toMatchObject({
    code: 'E_PROXY_REFUSED',
  });
});

it('buckets are listed through the proxy, and its refusal is heard', async () => {
  const xml =
    '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><KeyCount>0</KeyCount></ListBucketResult>';
  const port = await listen(
    createServer((_request, response) => response.writeHead(200, { 'content-type': 'application/xml' }).end(xml)),
  );
  const { url, asked } = await proxy({ credentials: 'a:b' });
  const list = async (endpoint: string): Promise<void> => {
    const timing = { connect: 2000, stall: 2000, attempts: 1 };
    const s3 = createS3Service({
      ...{ spoolDirectory: tempDir(), allowedHosts: [], userAgent: 'test', logger: silentLogger(), timing },
    });
    for await (const page of s3.list({ bucket: 'b', endpoint, region: 'x', pathStyle: true }, { signal }))
      expect(page).toEqual([]);
  };
  useProxy(url.replace('//', '//a:b@'));
  await list(`http://s3.test:${String(port)}`);
  expect(asked).toEqual([expect.stringMatching(/^GET http:\/\/s3\.test:\d+\/b\/?\?/)]);
  useProxy(url);
  expect(await failureOf(list('https://s3.test'))).toMatchObject({ code: 'E_PROXY_REFUSED' });
});

it('a command reads a source through a proxy and trusts the authority of NODE_EXTRA_CA_CERTS', async () => {
  const { url, asked } = await proxy();
  const cwd = tempDir();
  const port = await listen(createTlsServer({ key, cert }, (_request, response) => response.end('{"id":"a"}\n')));
  const readers = [
    { type: 'http', args: { origin: `https://source.test:${String(port)}/terms.jsonl` } },
    { type: 'jsonl' },
  ];
  const writers = [{ type: 'postgres', args: { table: 'terms' } }];
  writeFileSync(join(cwd, 'job.json'), JSON.stringify({ id: 'terms', title: 'Terms', readers, writers }));
  const preview = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const program = [join(PROJECT_ROOT, 'src/cli/main.ts'), 'preview', 'job.json'];
    const child = spawn(process.execPath, ['--import', createRequire(import.meta.url).resolve('tsx'), ...program], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, HTTPS_PROXY: url, ...env },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    return text;
  };
  const ca = join(import.meta.dirname, '../fixtures/tls/ca.pem');
  expect(await preview({ NODE_EXTRA_CA_CERTS: ca })).toContain('"id":"a"');
  expect(asked).toContain(`CONNECT source.test:${String(port)}`);
  expect(await preview({})).toMatch(/E_SOURCE_UNEXPECTED[^]*certificate|certificate[^]*E_SOURCE_UNEXPECTED/);
});

const hasTinyproxy = spawnSync('tinyproxy', ['-v']).status === 0;
if (!hasTinyproxy) console.warn('SKIPPED: tinyproxy is not installed (Debian: apt install tinyproxy)');

describe.skipIf(!hasTinyproxy)('a real proxy (tinyproxy)', () => {
  it('forwards plain requests and opens tunnels, for its users alone', async () => {
    const directory = tempDir();
    const port = await findFreePort();
    const config = join(directory, 'tinyproxy.conf');
    const lines = [`Port ${String(port)}`, 'Listen 127.0.0.1', 'BasicAuth vocab a-password', 'Allow 127.0.0.1'];
    writeFileSync(config, [...lines, `PidFile "${join(directory, 'pid')}"`, ''].join('\n'));
    const child = spawn('tinyproxy', ['-d', '-c', config], { stdio: 'ignore' });
    onTestFinished(() => {
      child.kill();
    });
    const [open, encrypted] = [String(await plain()), String(await tls())];
    useProxy(`http://vocab:a-password@127.0.0.1:${String(port)}`);
    await until('tinyproxy answers', () =>
      service()
        .get(`http://localhost:${open}/`, { signal })
        .then(
          () => true,
          () => false,
        ),
    );
    expect((await service().get(`http://localhost:${open}/a`, { signal })).body).toBe(`localhost:${open}/a`);
    const failure = await failureOf(service().get(`https://localhost:${encrypted}/`, { signal }));
    // Through the tunnel: the certificate is for another name.
    expect(failure).toMatchObject({ code: 'E_SOURCE_UNEXPECTED' });
    useProxy(`http://vocab:wrong-password@127.0.0.1:${String(port)}`);
    for (const url of [`http://localhost:${open}/`, `https://localhost:${encrypted}/`]) {
      const refused = await failureOf(service().get(url, { signal }));
      expect(refused.code).toMatch(/E_PROXY_REFUSED|E_SOURCE_NOT_FOUND/);
    }
  });
});
