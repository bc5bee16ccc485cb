/**
 * Sends one request and follows redirects itself, so that every hop passes the policy and the caller's headers for the
 * first host never reach another. There is no limit on the total time; a connection without data is dropped.
 */
import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'got';
import type { Hop } from '../component/download.ts';
import { SourceError } from '../errors.ts';
import { errorOfConnection, StallError } from './answer-errors.ts';
import { collectChunks, type ChunkCollector } from './collect-chunks.ts';
import type { HopGuard } from './hop-guard.ts';
import { RedirectCookies } from './redirect-cookies.ts';
import { errorOfProxy } from './proxy.ts';
import { redactUrl, type UrlPolicy } from './url-policy.ts';

export interface RequestTiming {
  /** Milliseconds for the name, the connection and the TLS handshake, each. */
  readonly connect: number;
  /** Milliseconds without a byte after which a server counts as stalled. */
  readonly stall: number;
}

export interface AnswerRequest {
  readonly url: string;
  /** The answer that named `url`; absent where the job names it. */
  readonly from?: Hop | undefined;
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** The body of a POST. It goes to the host of `url` and to no other. */
  readonly form?: Readonly<Record<string, string>>;
  /** The same as a JSON text. */
  readonly json?: string;
  /** Sent to every hop. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sent only to the origin of `url`: they may hold credentials. */
  readonly privateHeaders?: Readonly<Record<string, string>>;
  readonly decompress: boolean;
  readonly signal: AbortSignal;
}

/** Must be closed. `body` can be read once; it throws UnavailableError if the connection breaks or stalls. */
export interface OpenAnswer {
  readonly status: number;
  /** The network of the server that answered. */
  readonly network: Hop['network'];
  /** After redirects. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Buffer>;
  close(): void;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;

/** Throws UnavailableError (connection), SourceError, ConfigError (host) or the reason of the signal. */
export async function openAnswer(
  request: AnswerRequest,
  { policy, guard, timing }: { readonly policy: UrlPolicy; readonly guard: HopGuard; readonly timing: RequestTiming },
): Promise<OpenAnswer> {
  const first = policy.check(request.url);
  const cookies = new RedirectCookies();
  let url = first;
  let from = request.from;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const headers = url.origin === first.origin ? { ...request.headers, ...request.privateHeaders } : request.headers;
    const asked = { ...request, from, headers: cookies.addTo(headers, url) };
    const { setCookies, ...answer } = await requestOnce(url, asked, guard, timing);
    const location = answer.headers['location'];
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    answer.close();
    cookies.take(url, setCookies);
    from = { url: url.href, network: answer.network };
    url = policy.checkRedirect(location, url);
    if (request.method === 'POST' && url.origin !== first.origin) throw redirectedAway(first, url);
  }
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${redactUrl(first)} redirects more than ${String(MOST_REDIRECTS)} times, last to ${redactUrl(url)}.`,
  );
}

function redirectedAway(from: URL, to: URL): SourceError {
  return new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${redactUrl(from)} redirects to ${redactUrl(to)}, another host; what is sent by POST is not sent there. Put that address into the job if it is the right one.`,
  );
}

interface OneAnswer extends OpenAnswer {
  readonly setCookies: readonly string[];
}

async function requestOnce(
  url: URL,
  request: AnswerRequest,
  guard: HopGuard,
  timing: RequestTiming,
): Promise<OneAnswer> {
  request.signal.throwIfAborted();
  const connection = await guard.connect(url, request.from);
  // Loaded when something is asked for the first time: half of the start-up of a command that reads a file.
  const { got } = await import('got');
  const stream = got.stream(url, {
    method: request.method,
    headers: { ...request.headers, ...(request.json === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(request.form === undefined ? {} : { form: { ...request.form } }),
    ...(request.json === undefined ? {} : { body: request.json }),
    signal: request.signal,
    decompress: request.decompress,
    followRedirect: false,
    agent: connection.agents,
    dnsLookup: connection.lookup,
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { lookup: timing.connect, connect: timing.connect, secureConnect: timing.connect, response: timing.stall },
  });
  const chunks = collectChunks(stream);
  try {
    const response = await responseOf(stream);
    const { proxy } = connection;
    if (proxy !== undefined && response.statusCode === 407) throw errorOfProxy(proxy, 407, url.host);
    return {
      status: response.statusCode,
      network: guard.networkOf(proxy === undefined ? response.ip : undefined),
      url: url.href,
      headers: flatten(response.headers),
      setCookies: response.headers['set-cookie'] ?? [],
      body: chunksOf(stream, chunks, url, request.signal, timing.stall),
      close: () => stream.destroy(),
    };
  } catch (error) {
    stream.destroy();
    request.signal.throwIfAborted();
    const refusal = connection.refusal();
    if (refusal !== undefined) throw refusal;
    throw errorOfConnection(error, url, connection.proxy);
  }
}

function responseOf(stream: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    stream.once('response', resolve);
    stream.once('error', reject);
  });
}

/** The clock of the stall only runs while we wait for the server, not while the caller works on a chunk. */
async function* chunksOf(
  stream: Request,
  chunks: ChunkCollector,
  url: URL,
  signal: AbortSignal,
  stall: number,
): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      const clock = setTimeout(() => stream.destroy(new StallError('no byte in time')), stall);
      const chunk = await chunks.next().finally(() => {
        clearTimeout(clock);
      });
      signal.throwIfAborted();
      if (chunk === undefined) return;
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw errorOfConnection(error, url);
  } finally {
    stream.destroy();
  }
}

function flatten(headers: Response['headers']): Record<string, string | undefined> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    toText(name, Array.isArray(value) ? value.join(', ') : value),
  ]);
  return Object.fromEntries(entries) as Record<string, string | undefined>;
}

/** Sent back unchanged, so their bytes must be kept. */
const OPAQUE = new Set(['etag', 'last-modified', 'set-cookie']);

/** Node reads headers as Latin-1; servers write names of files, addresses and messages in UTF-8. */
function toText(name: string, value: string | undefined): string | undefined {
  if (value === undefined || OPAQUE.has(name) || !/[\x80-\xff]/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  // As browsers do: the server gets back the bytes that it sent.
  return name === 'location' ? value.replace(/[\x80-\xff]/g, encodeByte) : value;
}

function encodeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
