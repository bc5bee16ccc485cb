/** Notices an answer that is one page of several: its `Link` header (RFC 8288) names a next page. */
import { incomplete } from './answer-errors.ts';
import { parseLinkHeader } from './parse-link-header.ts';
import { redactUrl } from './url-policy.ts';

interface Answer {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * `read` lists the addresses that the caller reads. A next page among them is not missing. Throws SourceError
 * E_SOURCE_INCOMPLETE.
 */
export function refuseNextPage({ url, headers }: Answer, read: readonly string[]): void {
  const isMissing = parseLinkHeader(headers['link'] ?? '').some(
    ({ rels, target, anchor }) =>
      rels.includes('next') && (anchor === undefined || isSamePage(anchor, url, url)) && !isRead(target, url, read),
  );
  if (!isMissing) return;
  throw incomplete(
    redactUrl(url),
    'its Link header names a next page (rel="next")',
    {},
    'Ask for all records in one answer, list the pages with "ids", or accept this with "next_page": "ignore".',
  );
}

/** The pages of a long list are first compared as written, which is fast. */
function isRead(target: string, base: string, read: readonly string[]): boolean {
  const href = URL.canParse(target, base) ? new URL(target, base).href : target;
  return read.includes(href) || read.some((address) => isSamePage(address, target, base));
}

function isSamePage(one: string, other: string, base: string): boolean {
  return pageOf(one, base) === pageOf(other, base);
}

/**
 * Path and query, regardless of their order. Servers that run behind a proxy may name themselves with another scheme or
 * host.
 */
function pageOf(address: string, base: string): string {
  if (!URL.canParse(address, base)) return address;
  const { pathname, searchParams } = new URL(address, base);
  searchParams.sort();
  return `${pathname}?${searchParams.toString()}`;
}
