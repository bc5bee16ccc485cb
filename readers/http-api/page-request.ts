/** The request for one page, and what an answer says about the next. It is kept with the page as JSON. */
import type { HttpAnswer } from '../../src/component/services.ts';
import { ConfigError } from '../../src/errors.ts';
import { parseLinkHeader } from '../../src/http/parse-link-header.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import { looksLikeCredential } from '../../src/job/check/credential-names.ts';
import { parsePointer } from '../../src/job/pointer.ts';
import { isJsonObject, mapObject, setOwn } from '../../src/records/json-object.ts';
import { findAt } from '../arguments/pointer-arg.ts';
import type { ApiArgs } from './api-args.ts';

type Scalar = string | number;

export interface PageRequest {
  /** The address that an answer gave, without the credentials of the job. */
  readonly link?: string | undefined;
  /** Parameters of the address, or places in the body. */
  readonly values: Readonly<Record<string, Scalar>>;
  /** Items to request. Undefined if the server chooses. */
  readonly size?: number | undefined;
}

/** The part of an answer that describes the next page. */
export interface PageFacts {
  readonly answer: Pick<HttpAnswer, 'url' | 'headers'>;
  /** The document without the items of its list. */
  readonly document: unknown;
  readonly count: number;
  /** Items of this page and those before it. */
  readonly read: number;
  /** The total in the answer, if it is exact. */
  readonly total: number | undefined;
}

export function firstRequest({ paging, page_size: pageSize }: ApiArgs): PageRequest {
  const isCounted = paging.type === 'page' || paging.type === 'offset' || paging.type === 'cursor';
  const values = isCounted && paging.first !== undefined ? { [paging.parameter]: paging.first } : {};
  return { values, ...(pageSize === undefined ? {} : { size: pageSize.size }) };
}

/** Returns undefined at the end of the list. Throws ConfigError E_API_ANSWER for a next page that cannot be requested. */
export function nextRequest(args: ApiArgs, request: PageRequest, facts: PageFacts): PageRequest | undefined {
  const { paging } = args;
  const { size } = request;
  switch (paging.type) {
    case 'none':
      return undefined;
    case 'next_link':
    case 'link_header': {
      const link = paging.type === 'next_link' ? linkIn(facts, paging.next) : headerLink(facts);
      return link === undefined ? undefined : { link: toKeptLink(link, facts, args), values: {}, size };
    }
    case 'page':
    case 'offset': {
      if (facts.count === 0 || (facts.total !== undefined && facts.read >= facts.total)) return undefined;
      const now = Number(request.values[paging.parameter] ?? paging.first);
      return { values: { [paging.parameter]: now + (paging.type === 'page' ? 1 : facts.count) }, size };
    }
    case 'cursor': {
      const cursor = scalarAt(facts, paging.next);
      const isOver = facts.count === 0 && (cursor === request.values[paging.parameter] || facts.read === facts.total);
      return cursor === undefined || isOver ? undefined : { values: { [paging.parameter]: cursor }, size };
    }
    case 'continue': {
      const values = findAt(facts.document, parsePointer(paging.next));
      if (values === undefined || values === null) return undefined;
      if (!isJsonObject(values)) throw notNext(facts, paging.next, 'an object of parameters', values);
      const wrong = Object.values(values).find((value) => !isScalar(value));
      if (wrong !== undefined) throw notNext(facts, paging.next, 'texts and numbers', wrong);
      return { values: values as Record<string, Scalar>, size };
    }
  }
}

/** Returns the same page with half as many items, or undefined if one item is too many. */
export function halve(args: ApiArgs, request: PageRequest): PageRequest | undefined {
  const { paging } = args;
  const { size } = request;
  if (size === undefined || size === 1) return undefined;
  if (paging.type !== 'page') return { ...request, size: Math.floor(size / 2) };
  // The page number changes with the size, which must divide the number of items before the page.
  const before = (Number(request.values[paging.parameter] ?? paging.first) - paging.first) * size;
  let half = Math.floor(size / 2);
  while (before % half !== 0) half--;
  return { values: { [paging.parameter]: before / half + paging.first }, size: half };
}

/** Does not throw, because `args` were checked. `since` is the value to send. */
export function toAddress(
  args: ApiArgs,
  request: PageRequest,
  since: string | undefined,
): { readonly url: string; readonly json?: string } {
  const { origin, query, page_size: pageSize } = args;
  if (request.link !== undefined) return { url: withCredentials(request, args) };
  const url = new URL(origin);
  const { searchParams } = url;
  for (const [name, value] of Object.entries(query)) {
    searchParams.delete(name);
    for (const one of [value].flat()) searchParams.append(name, String(one));
  }
  let body: unknown = args.body;
  const set = (place: string, value: Scalar): void => {
    if (place.startsWith('/')) body = withValue(body, parsePointer(place), value);
    else searchParams.set(place, String(value));
  };
  if (args.since !== undefined && since !== undefined) set(args.since.parameter, sinceValue(args, args.since, since));
  if (pageSize !== undefined && request.size !== undefined) set(pageSize.parameter, request.size);
  for (const [name, value] of Object.entries(request.values)) set(name, value);
  return { url: url.href, ...(body === undefined ? {} : { json: JSON.stringify(body) }) };
}

function sinceValue(
  { query }: ApiArgs,
  { parameter, template, separator }: NonNullable<ApiArgs['since']>,
  since: string,
) {
  const value = template.replaceAll('{since}', since);
  const given = query[parameter];
  return given === undefined || Array.isArray(given) ? value : `${String(given)}${separator}${value}`;
}

/** The links of the server do not contain a size that was halved. */
function withCredentials({ link = '', size }: PageRequest, { origin, query, page_size: pageSize }: ApiArgs): string {
  const url = new URL(link);
  if (pageSize !== undefined && size !== undefined && size < pageSize.size) {
    url.searchParams.set(pageSize.parameter, String(size));
  }
  if (url.origin !== new URL(origin).origin) return url.href;
  for (const name of credentialNames(query)) url.searchParams.set(name, String(query[name]));
  return url.href;
}

function credentialNames(query: ApiArgs['query']): readonly string[] {
  return Object.keys(query).filter((name) => looksLikeCredential(name) || /(^|[-_])key$/i.test(name));
}

/** Servers that run behind a proxy may link to themselves by http. The request stays on https for the same host. */
function toKeptLink(link: string, { answer }: PageFacts, { query, origin }: ApiArgs): string {
  if (!URL.canParse(link, answer.url)) {
    throw new ConfigError(
      'E_API_ANSWER',
      `${redactUrl(answer.url)} names a next page that is not an address. Check "next" of "paging".`,
    );
  }
  const url = new URL(link, answer.url);
  const asked = new URL(answer.url);
  if (url.protocol === 'http:' && asked.protocol === 'https:' && url.hostname === asked.hostname && url.port === '') {
    url.protocol = 'https:';
    url.port = asked.port;
  }
  if (url.origin === new URL(origin).origin) for (const name of credentialNames(query)) url.searchParams.delete(name);
  url.hash = '';
  return url.href;
}

function headerLink({ answer }: PageFacts): string | undefined {
  return nextOf(answer)?.target;
}

/** The next page that the header `Link` names, of the answer itself. */
export function nextOf({ headers }: Pick<HttpAnswer, 'headers'>): { readonly target: string } | undefined {
  return parseLinkHeader(headers['link'] ?? '').find(
    ({ rels, anchor }) => rels.includes('next') && anchor === undefined,
  );
}

function linkIn(facts: PageFacts, pointer: string): string | undefined {
  const link = scalarAt(facts, pointer);
  if (typeof link === 'number') throw notNext(facts, pointer, 'an address', link);
  return link;
}

/** Undefined where it is absent, null, false or empty. */
function scalarAt(facts: PageFacts, pointer: string): Scalar | undefined {
  const value = findAt(facts.document, parsePointer(pointer));
  if (value === undefined || value === null || value === '' || value === false) return undefined;
  if (!isScalar(value)) throw notNext(facts, pointer, 'a text or a number', value);
  return value;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number';
}

function notNext({ answer }: PageFacts, pointer: string, expected: string, found: unknown): ConfigError {
  return new ConfigError(
    'E_API_ANSWER',
    `${redactUrl(answer.url)}: expected ${expected} at ${pointer}, which leads to the next page; found ${describeFound(found)}. Correct "next" of "paging".`,
    { details: { pointer } },
  );
}

/** Returns a copy with the value at this place. Missing objects on the way to it are created. */
function withValue(body: unknown, [step, ...rest]: readonly string[], value: Scalar): unknown {
  if (step === undefined) return value;
  if (Array.isArray(body))
    return body.map((inner, i) => (String(i) === step ? withValue(inner, rest, value) : (inner as unknown)));
  const copy: Record<string, unknown> = isJsonObject(body) ? { ...mapObject(body, (inner) => inner) } : {};
  setOwn(copy, step, withValue(copy[step], rest, value));
  return copy;
}
