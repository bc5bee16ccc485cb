/** Requests one page of an API, interprets the answer, and retries if the server does not return the page at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchContext } from '../../src/component/reader.ts';
import type { Hop } from '../../src/component/download.ts';
import type { HttpAnswer } from '../../src/component/services.ts';
import { ConfigError, SourceError, UnavailableError } from '../../src/errors.ts';
import { toReason } from '../../src/http/answer-reason.ts';
import type { TokenSource } from '../../src/http/client-credentials.ts';
import { getPatiently } from '../../src/http/get-patiently.ts';
import { retryAfterOf } from '../../src/http/retry-after.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import type { ApiArgs } from './api-args.ts';
import type { PageHeader } from './page-file.ts';
import { halve, toAddress, type PageRequest } from './page-request.ts';
import { readPage, type Page } from './read-page.ts';

export interface Asking {
  readonly args: ApiArgs;
  /** The value to send for `since`. Undefined to request everything. */
  readonly since: string | undefined;
  readonly context: FetchContext;
  readonly tokens: TokenSource | undefined;
  /** Waits for the next request that may be sent. */
  readonly pace: () => Promise<void>;
}

/** Answers whose body is looked at here. */
const STATUSES = [204, 400, 401, 403, 413, 422];

/** How often a page is requested again at once if the answer is not a page, and the first pause. */
const RETRIES = 3;
const PAUSE_MS = 200;
const MOST_WAITS = 20;
const LONGEST_WAIT_MS = 30_000;

/**
 * `before` is the page before; undefined for the first. Throws SourceError, ConfigError E_API_REFUSED, and for what may
 * pass UnavailableError.
 */
export async function askPage(
  asking: Asking,
  request: PageRequest,
  before: PageHeader | undefined,
  number: number,
): Promise<Page> {
  let asked = request;
  let refusal: Answered | undefined;
  for (let retries = 0, waits = 0; ;) {
    const answer = await send(asking, asked, before?.hop);
    const place = `${redactUrl(answer.url)} (page ${String(number + 1)})`;
    if (answer.status !== 200 && answer.status !== 204) {
      const smaller = mayBeSize(answer, asking.args) ? halve(asking.args, asked) : undefined;
      if (smaller === undefined) throw refused(refusal ?? answer, place, asking.args);
      asking.context.services.logger.info('The server refuses a page, which is requested again in a smaller size', {
        url: redactUrl(answer.url),
        size: smaller.size,
      });
      refusal ??= answer;
      asked = smaller;
      continue;
    }
    try {
      return await readPage(asking.args, asked, answer, before, place);
    } catch (error) {
      if (!isGarbled(error)) throw error;
      const wait = retryAfterOf(answer.headers) ?? PAUSE_MS * 2 ** retries;
      const isAsked = retryAfterOf(answer.headers) !== undefined;
      if (isAsked ? wait > LONGEST_WAIT_MS || ++waits > MOST_WAITS : ++retries > RETRIES) {
        throw passing(error, before === undefined && !isAsked, isAsked ? wait : undefined);
      }
      asking.context.services.logger.info('An answer is not a page, and is requested again', { error: error.message });
      await sleep(wait, undefined, { signal: asking.context.signal });
    }
  }
}

type Answered = Pick<HttpAnswer, 'status' | 'url' | 'headers' | 'body' | 'network'>;

/** The token is renewed once after a 401. */
async function send(asking: Asking, request: PageRequest, hop: Hop | undefined): Promise<HttpAnswer> {
  const { args, context, tokens } = asking;
  const { url, json } = toAddress(args, request, asking.since);
  const isOurs = new URL(url).origin === new URL(args.origin).origin;
  for (let isRenewed = false; ; isRenewed = true) {
    await asking.pace();
    const authorization = isOurs ? await tokens?.authorization(context.signal) : undefined;
    const answer = await getPatiently(context, url, {
      headers: {
        ...(isOurs ? args.headers : {}),
        accept: args.content_type,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(request.link === undefined ? {} : { from: hop }),
      ...(json === undefined ? {} : { method: 'POST' as const, json }),
      encoding: 'latin1',
      maxBytes: args.max_page_bytes,
      statuses: STATUSES,
    });
    if (answer.status !== 401 || authorization === undefined || isRenewed) return answer;
    tokens?.forget();
  }
}

const ABOUT_SIZE = /size|limit|rows|page|max|large|exceed|too many|less than|at most|between|must be/i;

/** A server refuses a size with 413, or in the text of another status. A 403 must name the parameter. */
function mayBeSize({ status, body }: Answered, { page_size: pageSize }: ApiArgs): boolean {
  if (status === 413) return true;
  const reason = toReason(utf8(body));
  if (status === 403) return pageSize !== undefined && reason.includes(pageSize.parameter);
  return (status === 400 || status === 422) && ABOUT_SIZE.test(reason);
}

/** An answer in place of a page that may be right the next time: an error page, a text, truncated JSON. */
function isGarbled(error: unknown): error is SourceError {
  if (!(error instanceof SourceError)) return false;
  return ['E_SOURCE_UNEXPECTED', 'E_JSON_TRUNCATED', 'E_JSON_NOT_JSON'].includes(error.code);
}

/** After a good page the job is right, and the server has a problem. Before it the job may be wrong. */
function passing(error: SourceError, isFirst: boolean, retryAfter: number | undefined): SourceError | UnavailableError {
  if (isFirst) return error;
  const options = { cause: error, details: error.details, ...(retryAfter === undefined ? {} : { retryAfter }) };
  return new UnavailableError(
    'E_SOURCE_UNAVAILABLE',
    `${error.message} The pages before it are kept, and this one is tried again.`,
    options,
  );
}

function refused({ status, url, body }: Answered, place: string, args: ApiArgs): ConfigError {
  const reason = toReason(utf8(body));
  const said = reason === '' ? 'It does not say why' : `It says "${reason}"`;
  const isCredential = status === 401 || status === 403;
  const isAway = new URL(url).origin !== new URL(args.origin).origin;
  const away = isAway
    ? `Credentials are sent to ${new URL(args.origin).origin} alone. If the other address is the right one, put it into "origin".`
    : 'Correct the credential in "headers", "query" or "oauth".';
  return new ConfigError(
    'E_API_REFUSED',
    `${place} refuses the request (${String(status)}). ${said}. ${isCredential ? away : 'Correct the parameters in "query", "body", "paging" or "page_size".'}`,
    { details: { url: redactUrl(url), status } },
  );
}

function utf8(body: string): string {
  return Buffer.from(body.slice(0, 16_384), 'latin1').toString('utf8');
}
