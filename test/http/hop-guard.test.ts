/** "Public" is 127.0.0.2 here, through the classifier and the look-up that the service is given; the rule stays as it is. */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { LookupAddress } from 'node:dns';
import type { AddressInfo, LookupFunction } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpService } from '../../src/component/services.ts';
import { createHttpService } from '../../src/http/create-http-service.ts';
import type { Network } from '../../src/http/hop-guard.ts';
import { resolveLinkset } from '../../src/http/resolve-linkset.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';
import { failureOf } from './http-fixture.ts';

const PUBLIC = '127.0.0.2';
const PRIVATE = '127.0.0.1';
const { signal } = new AbortController();

/** Each name has its addresses; a list of lists is one answer for each look-up in turn. */
type Names = Record<string, readonly string[] | readonly (readonly string[])[]>;

function networkOf(names: Names, ca?: string): Network & { readonly lookups: string[] } {
  const lookups: string[] = [];
  const lookup: LookupFunction = (hostname, options, callback) => {
    const found = names[hostname] ?? [];
    const turn = lookups.filter((name) => name === hostname).length;
    lookups.push(hostname);
    const nested = found.some((entry) => typeof entry !== 'string');
    const addresses = (nested ? (found[Math.min(turn, found.length - 1)] as readonly string[]) : found) as string[];
    const answers: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all === true) callback(null, answers);
    else callback(null, answers[0]?.address ?? '', answers[0]?.family);
  };
  return { lookup, lookups, isPublic: (address) => address === PUBLIC, ...(ca === undefined ? {} : { ca }) };
}

function serviceOf(network: Network, trustedHosts: readonly string[] = []): HttpService {
  return createHttpService({
    spoolDirectory: tempDir(),
    allowedHosts: [],
    trustedHosts,
    network,
    userAgent: 'vocab-sync/0.0.0',
    logger: silentLogger(),
    timing: { connect: 2_000, stall: 2_000, retries: 0, pause: 5 },
  });
}

interface Listening {
  readonly port: number;
  readonly asked: string[];
}

async function listen(server: Server, address: string, asked: string[]): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

/** On `address`; a path of the form `/to?URL` redirects. */
async function serve(address: string, answer?: RequestListener): Promise<Listening> {
  const asked: string[] = [];
  return listen(createServer(redirecting(asked, answer)), address, asked);
}

function redirecting(asked: string[], answer?: RequestListener): RequestListener {
  return (request, response) => {
    asked.push(request.url ?? '');
    const to = /^\/to\?(.*)$/.exec(request.url ?? '')?.[1];
    if (to !== undefined) response.writeHead(302, { location: to }).end();
    else if (answer === undefined) response.end('content');
    else answer(request, response);
  };
}

describe('a redirect of a public source', () => {
  it.each(['127.0.0.1', 'localhost.test', '[::1]', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', 'mixed.test'])(
    'is not followed to %s',
    async (host) => {
      const inside = await serve(PRIVATE);
      const source = await serve(PUBLIC);
      const http = serviceOf(
        networkOf({ 'source.test': [PUBLIC], 'localhost.test': [PRIVATE], 'mixed.test': [PUBLIC, PRIVATE] }),
      );
      const url = `http://source.test:${String(source.port)}/to?http://${host}:${String(inside.port)}/secret`;
      for (const request of [http.get(url, { signal }), http.download({ url, signal })]) {
        const error = await failureOf(request);
        expect(error).toMatchObject({ code: 'E_REDIRECT_REFUSED', kind: 'config' });
        expect(error.message).toContain('VOCAB_SYNC_TRUSTED_HOSTS');
      }
      expect(source.asked).toHaveLength(2);
      expect(inside.asked).toEqual([]);
    },
  );

  it('is followed to a public address, and refused at the hop that leads inside', async () => {
    const inside = await serve(PRIVATE);
    const source = await serve(PUBLIC);
    const http = serviceOf(networkOf({ 'a.test': [PUBLIC], 'b.test': [PUBLIC] }));
    const base = `http://b.test:${String(source.port)}`;
    const toPublic = await http.get(`http://a.test:${String(source.port)}/to?${base}/file`, { signal });
    expect(toPublic).toMatchObject({ url: `${base}/file`, network: 'public', body: 'content' });
    const chain = `http://a.test:${String(source.port)}/to?${base}/to?http://127.0.0.1:${String(inside.port)}/`;
    expect((await failureOf(http.get(chain, { signal }))).code).toBe('E_REDIRECT_REFUSED');
    expect(inside.asked).toEqual([]);
  });

  it('is followed to a host that the operator trusts by name', async () => {
    const inside = await serve(PRIVATE);
    const source = await serve(PUBLIC);
    const network = networkOf({ 'source.test': [PUBLIC], 'files.lan': [PRIVATE] });
    const url = `http://source.test:${String(source.port)}/to?http://files.lan:${String(inside.port)}/`;
    for (const trusted of ['files.lan', `FILES.lan:${String(inside.port)}`, '*.lan']) {
      expect(await serviceOf(network, [trusted]).get(url, { signal })).toMatchObject({ network: 'private' });
    }
    for (const trusted of ['files.lan:1', 'source.test', '*.files.lan']) {
      const error = await failureOf(serviceOf(network, [trusted]).get(url, { signal }));
      expect(error.code).toBe('E_REDIRECT_REFUSED');
    }
  });

  it('gains nothing from a name that changes its address, nor from a connection that is kept', async () => {
    const inside = await serve(PRIVATE);
    const source = await serve(PUBLIC);
    const network = networkOf({
      'source.test': [PUBLIC],
      'changing.test': [[PUBLIC], [PRIVATE]],
      'kept.lan': [PRIVATE],
    });
    const http = serviceOf(network);
    const redirect = (to: string) => `http://source.test:${String(source.port)}/to?${to}`;
    // One look-up decides and connects: the second answer is never asked for.
    expect((await http.get(redirect(`http://changing.test:${String(source.port)}/`), { signal })).status).toBe(200);
    expect(network.lookups.filter((name) => name === 'changing.test')).toHaveLength(1);
    const again = failureOf(http.get(redirect(`http://changing.test:${String(inside.port)}/`), { signal }));
    expect((await again).code).toBe('E_REDIRECT_REFUSED');
    // A job of its own may ask the private host, whose connection is then kept for a while.
    const own = `http://kept.lan:${String(inside.port)}/own`;
    expect((await http.get(own, { signal })).status).toBe(200);
    expect((await failureOf(http.get(redirect(own), { signal }))).code).toBe('E_REDIRECT_REFUSED');
    expect(inside.asked).toEqual(['/own']);
  });
});

it('a source in a private network may redirect inside it and to the public, and not back from there', async () => {
  const inside = await serve(PRIVATE);
  const outside = await serve(PUBLIC);
  const http = serviceOf(networkOf({ 'intranet.lan': [PRIVATE] }));
  const base = `http://127.0.0.1:${String(inside.port)}`;
  const lan = `http://intranet.lan:${String(inside.port)}`;
  const open = `http://${PUBLIC}:${String(outside.port)}`;
  expect((await http.get(`${base}/to?${lan}/to?${base}/file`, { signal })).network).toBe('private');
  expect((await http.get(`${base}/to?${open}/file`, { signal })).network).toBe('public');
  expect((await failureOf(http.get(`${base}/to?${open}/to?${base}/file`, { signal }))).code).toBe('E_REDIRECT_REFUSED');
});

it('a linkset and a linkset item of a public record do not lead inside', async () => {
  const inside = await serve(PRIVATE);
  const secret = `http://127.0.0.1:${String(inside.port)}/secret`;
  let linkset = '';
  const source = await serve(PUBLIC, (request, response) => {
    if (request.url !== '/linkset')
      response.setHeader('link', `<${linkset}>; rel="linkset"; type="application/linkset+json"`);
    response.end(JSON.stringify({ linkset: [{ item: [{ href: secret }] }] }));
  });
  const base = `http://source.test:${String(source.port)}`;
  const http = serviceOf(networkOf({ 'source.test': [PUBLIC] }));
  linkset = secret;
  expect((await failureOf(resolveLinkset(http, base, signal))).code).toBe('E_REDIRECT_REFUSED');
  linkset = '/linkset';
  const { from, items } = await resolveLinkset(http, base, signal);
  expect(from).toEqual({ url: base, network: 'public' });
  const url = items[0]?.href ?? '';
  for (const asked of [http.get(url, { signal, from }), http.download({ url, signal, from })]) {
    expect((await failureOf(asked)).code).toBe('E_REDIRECT_REFUSED');
  }
  expect(inside.asked).toEqual([]);
});

describe('from https to http', () => {
  /** For `source.test`, valid until 2126. */
  const TLS = join(import.meta.dirname, '../fixtures/tls');

  /** A server whose certificate Node does not trust by itself. */
  async function startTls(): Promise<Listening & { readonly ca: string }> {
    const [cert, key, ca] = ['cert', 'key', 'ca'].map((name) => readFileSync(join(TLS, `${name}.pem`), 'utf8'));
    const asked: string[] = [];
    const server = createTlsServer({ cert, key }, redirecting(asked));
    return { ...(await listen(server, PRIVATE, asked)), ca: ca ?? '' };
  }

  it('nothing is followed, in a private network either, unless the host is trusted', async () => {
    const tls = await startTls();
    const plain = await serve(PRIVATE);
    const network = networkOf({ 'source.test': [PRIVATE], 'plain.test': [PRIVATE] }, tls.ca);
    const secure = `https://source.test:${String(tls.port)}`;
    const open = `http://plain.test:${String(plain.port)}/file?token=hidden`;
    expect((await serviceOf(network).get(`${secure}/to?${secure}/file`, { signal })).body).toBe('content');
    for (const to of [open, `http://source.test:${String(plain.port)}/`]) {
      const error = await failureOf(serviceOf(network).get(`${secure}/to?${to}`, { signal }));
      expect(error).toMatchObject({ code: 'E_REDIRECT_REFUSED', kind: 'config' });
      expect(error.message).toMatch(/not encrypted/);
      expect(error.message).not.toMatch(/hidden/);
    }
    const from = { url: secure, network: 'private' } as const;
    expect((await failureOf(serviceOf(network).get(open, { signal, from }))).code).toBe('E_REDIRECT_REFUSED');
    expect(plain.asked).toEqual([]);
    const trusting = serviceOf(network, ['plain.test']);
    expect((await trusting.get(`${secure}/to?${open}`, { signal })).body).toBe('content');
  });
});
