/** What `http-api` sends: credentials, tokens, `since` and headers; and where it sends them. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpApi } from '../../readers/http-api.ts';
import type { Since } from '../../src/component/reader.ts';
import { createHttpService } from '../../src/http/create-http-service.ts';
import { offsets, type ApiFault, type ApiServer } from '../support/api-server.ts';
import { fetchContext, fetchPages, idsOf, numbers, offsetArgs, startApi, type Args } from '../support/api-reader.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('a next link to another host', () => {
  it('is followed without credentials, and comes back to them', async () => {
    const away = await startApi(offsets);
    const server = await startApi(offsets);
    const args = offsetArgs(server, {
      total: undefined,
      page_size: undefined,
      query: { api_key: 'k3y-of-the-job' },
      headers: { authorization: 'Bearer s3cret-token' },
      paging: { type: 'next_link', next: '/next' },
    });
    server.faults.push({ kind: 'json', value: { data: { items: [{ id: 1 }] }, next: `${away.url}/b` } });
    away.faults.push({
      kind: 'json',
      value: { data: { items: [{ id: 2 }] }, next: `${server.url}/c?api_key=k3y-of-the-job` },
    });
    server.faults.push({ kind: 'json', value: { data: { items: [{ id: 3 }] } } });
    const file = await fetchPages(args);
    expect(await idsOf(file, args)).toEqual([1, 2, 3]);
    expect(away.requests).toMatchObject([{ path: '/b' }]);
    expect(JSON.stringify(away.requests)).not.toMatch(/s3cret|k3y/);
    expect(server.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/things?api_key=k3y-of-the-job', 'Bearer s3cret-token'],
      ['/c?api_key=k3y-of-the-job', 'Bearer s3cret-token'],
    ]);
  });

  it('says why, where the other host wants credentials', async () => {
    const away = await startApi(offsets);
    const server = await startApi(offsets);
    server.faults.push({ kind: 'json', value: { total: 9, data: { items: [{ id: 1 }] }, next: away.url } });
    away.faults.push({ kind: 'status', status: 401 });
    const error = await errorOf(fetchPages(offsetArgs(server, { paging: { type: 'next_link', next: '/next' } })));
    expect(error.code).toBe('E_API_REFUSED');
    expect(error.message).toContain('"origin"');
  });

  it('is refused where it leads from a public address into a private network', async () => {
    const asked: string[] = [];
    const open = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(JSON.stringify({ data: { items: [{ id: 1 }] }, next: 'http://127.0.0.1:9/inside' }));
    });
    await new Promise<void>((resolve) => open.listen(0, '127.0.0.2', resolve));
    onTestFinished(() => {
      open.closeAllConnections();
      open.close();
    });
    const context = fetchContext();
    const http = createHttpService({
      spoolDirectory: tempDir(),
      allowedHosts: [],
      userAgent: 'test',
      logger: silentLogger(),
      network: {
        lookup: (_name, _options, callback) => {
          callback(null, '127.0.0.2', 4);
        },
        isPublic: (address) => address === '127.0.0.2',
      },
    });
    const port = (open.address() as AddressInfo).port;
    const args = {
      origin: `http://127.0.0.2:${String(port)}/list`,
      items: '/data/items',
      paging: { type: 'next_link', next: '/next' },
    };
    const error = await errorOf(fetchPages(args, { ...context, services: { ...context.services, http } }));
    expect(error.code).toBe('E_REDIRECT_REFUSED');
    expect(asked).toHaveLength(1);
  });
});

describe('since', () => {
  const since = (origin: Since['origin']): Since => ({ time: new Date('2026-03-04T05:06:07Z'), origin });
  const parameter = { parameter: 'filter', template: 'from_updated_date:{since}' };

  it.each([
    ['date', 'manual', '2026-03-04'],
    ['date', 'watermark', '2026-03-03'],
    ['time', 'manual', '2026-03-04T05:06:07Z'],
    ['unix_seconds', 'manual', '1772600767'],
    ['unix_milliseconds', 'manual', '1772600767000'],
  ] as const)('is sent as a %s of the %s', async (format, origin, expected) => {
    const server = await startApi(offsets);
    const args = offsetArgs(server, { query: { filter: 'country_code:CH' }, since: { ...parameter, format } });
    await fetchPages(args, fetchContext({ since: since(origin) }));
    const asked = new URL(server.requests[0]?.path ?? '', server.url).searchParams.get('filter');
    expect(asked).toBe(`country_code:CH,from_updated_date:${expected}`);
    expect(server.pages()).toHaveLength(3);
  });

  it('makes the source one of changes, and asks for everything the first time', async () => {
    const server = await startApi(offsets);
    const args = offsetArgs(server, { since: parameter });
    expect(httpApi.covers?.(httpApi.args.parse(args))).toBe('incremental');
    expect(httpApi.covers?.(httpApi.args.parse(offsetArgs(server)))).toBe('full');
    await fetchPages(args);
    expect(server.requests[0]?.path).not.toContain('filter');
  });

  it('finds nothing new in an empty list', async () => {
    const server = await startApi(offsets, []);
    const context = fetchContext({ since: since('watermark') });
    const located = await httpApi.locate(httpApi.args.parse(offsetArgs(server, { since: parameter })), context);
    expect(located).toMatchObject({ nothingNew: expect.stringContaining('2026-03-03') as string });
  });
});

describe('OAuth 2 client credentials', () => {
  interface Tokens {
    readonly url: string;
    readonly asked: { readonly authorization: string | undefined; readonly form: URLSearchParams }[];
    seconds: number;
    status: number;
  }

  async function startTokens(): Promise<Tokens> {
    const asked: Tokens['asked'] = [];
    const tokens = { url: '', asked, seconds: 3600, status: 200 };
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        asked.push({
          authorization: request.headers.authorization,
          form: new URLSearchParams(Buffer.concat(chunks).toString()),
        });
        const token = `t0ken-number-${String(asked.length)}`;
        response.writeHead(tokens.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: tokens.seconds }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    tokens.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/token`;
    return tokens;
  }

  const oauth = ({ url }: Tokens, more: Args = {}): Args => ({
    oauth: { token_url: url, client_id: 'the-client', client_secret: 'cl1ent-s3cret', scope: 'read list', ...more },
  });
  const sent = ({ requests }: ApiServer): unknown[] => requests.map(({ headers }) => headers.authorization);

  it('gives one token for all pages, which is in no log, warning, error or file', async () => {
    const server = await startApi(offsets);
    const tokens = await startTokens();
    const args = offsetArgs(server, oauth(tokens));
    const context = fetchContext();
    const file = await fetchPages(args, context);
    expect(sent(server)).toEqual(Array.from({ length: 3 }, () => 'Bearer t0ken-number-1'));
    expect(tokens.asked[0]?.authorization).toBe(`Basic ${Buffer.from('the-client:cl1ent-s3cret').toString('base64')}`);
    expect(Object.fromEntries(tokens.asked[0]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'read list',
    });
    server.faults.push({ kind: 'status', status: 400, body: 'no token t0ken-number-2 here' });
    const error = await errorOf(fetchPages(args, context));
    expect(error.message).toContain('no token');
    const shown = JSON.stringify([context.lines, context.warnings, error.message, error.details]);
    expect(shown + readFileSync(file.path, 'utf8')).not.toMatch(/t0ken-number|cl1ent-s3cret/);
  });

  it('names the client in the form where the job says so', async () => {
    const server = await startApi(offsets);
    const tokens = await startTokens();
    await fetchPages(offsetArgs(server, oauth(tokens, { send_in: 'form', audience: 'api' })));
    expect(tokens.asked[0]?.authorization).toBeUndefined();
    expect(Object.fromEntries(tokens.asked[0]?.form ?? [])).toMatchObject({
      client_id: 'the-client',
      client_secret: 'cl1ent-s3cret',
      audience: 'api',
    });
  });

  it('renews a token before it ends', async () => {
    const server = await startApi(offsets);
    const tokens = await startTokens();
    tokens.seconds = 1;
    await fetchPages(offsetArgs(server, oauth(tokens)));
    expect(sent(server)).toEqual([1, 2, 3].map((n) => `Bearer t0ken-number-${String(n)}`));
  });

  it('renews a token that is refused once, and not twice', async () => {
    const server = await startApi(offsets);
    const tokens = await startTokens();
    const refused: ApiFault = { kind: 'status', status: 401 };
    server.faults.push(undefined, refused);
    expect(await idsOf(await fetchPages(offsetArgs(server, oauth(tokens))), offsetArgs(server))).toEqual(numbers(25));
    expect(sent(server)).toEqual([1, 1, 2, 2].map((n) => `Bearer t0ken-number-${String(n)}`));
    server.faults.push(refused, refused);
    expect(await errorOf(fetchPages(offsetArgs(server, oauth(tokens))))).toMatchObject({ code: 'E_API_REFUSED' });
  });

  it('says that the server of tokens refuses the client, or gives no token', async () => {
    const server = await startApi(offsets);
    const tokens = await startTokens();
    tokens.status = 401;
    const error = await errorOf(fetchPages(offsetArgs(server, oauth(tokens))));
    expect(error).toMatchObject({ code: 'E_API_REFUSED', message: expect.stringContaining('client_secret') as string });
    const html = { ...oauth(tokens, { token_url: `${server.url}/login` }) };
    server.faults.push({ kind: 'html' });
    expect(await errorOf(fetchPages(offsetArgs(server, html)))).toMatchObject({
      message: expect.stringContaining('token_url') as string,
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe('headers, and the pace of requests', () => {
  it('are those of the job', async () => {
    const server = await startApi(offsets);
    const headers = { 'X-Api-Key': 'k' };
    await fetchPages(
      offsetArgs(server, { headers, content_type: 'application/vnd.inveniordm.v1+json', requests_per_second: 1000 }),
    );
    expect(server.requests[2]?.headers).toMatchObject({
      'x-api-key': 'k',
      accept: 'application/vnd.inveniordm.v1+json',
    });
  });
});
