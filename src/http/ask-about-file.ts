/** Reads the metadata of a file from a server without downloading it. */
import type { Hop } from '../component/download.ts';
import type { HttpAnswer, HttpService } from '../component/services.ts';
import { SourceError, UnavailableError } from '../errors.ts';
import { refuseNextPage } from './refuse-next-page.ts';
import { mediaTypeOf } from './refuse-unwanted.ts';

export interface FileFacts {
  readonly bytes?: number;
  /** Equal exactly if the content is equal: a strong ETag, or a date that is old enough to serve as one. */
  readonly validator?: string;
  /** `md5:…`, if the server announces it. */
  readonly digest?: string;
  readonly lastModified?: Date;
}

export interface FileQuestion {
  readonly signal: AbortSignal;
  /** The answer that named the address; absent where the job names it. */
  readonly from?: Hop | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** As in DownloadRequest. */
  readonly pages?: readonly string[] | undefined;
}

/** A second change within the resolution of Last-Modified must be impossible (RFC 9110, 8.8.2.2). */
const STRONG_AGE_MS = 60_000;

/**
 * Empty if the server refuses HEAD: the download will report any problem. Throws UnavailableError, and SourceError for
 * a next page that is not among `pages`.
 */
export async function askAboutFile(
  http: HttpService,
  url: string,
  { signal, from, headers = {}, pages }: FileQuestion,
): Promise<FileFacts> {
  let answer: HttpAnswer;
  try {
    const asking = { ...headers, 'accept-encoding': 'identity' };
    answer = await http.get(url, { signal, from, method: 'HEAD', headers: asking });
  } catch (error) {
    if (error instanceof SourceError || isBroken(error)) return {};
    throw error;
  }
  // An error page that HEAD gives with 200 has the size of an error page.
  if (mediaTypeOf(answer.headers['content-type']).includes('html')) return {};
  if (pages !== undefined) refuseNextPage(answer, pages);
  return toFacts(answer);
}

/** Some servers fail at HEAD and not at GET. The answer to GET also says why. */
function isBroken(error: unknown): boolean {
  return error instanceof UnavailableError && error.details['status'] === 500;
}

function toFacts({ headers }: HttpAnswer): FileFacts {
  const isPlain = ['', 'identity'].includes(headers['content-encoding'] ?? '');
  const bytes =
    isPlain && /^\d+$/.test(headers['content-length'] ?? '') ? Number(headers['content-length']) : undefined;
  const lastModified = dateOf(headers['last-modified']);
  const validator = strongEtag(headers['etag']) ?? strongDate(headers, lastModified, bytes);
  const digest = /^"(md5:[0-9a-f]{32})"$/.exec(headers['etag'] ?? '')?.[1];
  return {
    ...(bytes === undefined ? {} : { bytes }),
    ...(validator === undefined ? {} : { validator }),
    ...(digest === undefined ? {} : { digest }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

/** A weak ETag (`W/"…"`) only promises something equivalent. */
export function strongEtag(etag: string | undefined): string | undefined {
  return etag !== undefined && /^"[^"]+"$/.test(etag) ? etag : undefined;
}

function strongDate(
  headers: HttpAnswer['headers'],
  lastModified: Date | undefined,
  bytes: number | undefined,
): string | undefined {
  const sent = dateOf(headers['date']);
  if (lastModified === undefined || sent === undefined || bytes === undefined) return undefined;
  return isStrongDate(headers['last-modified'], headers['date'])
    ? `${lastModified.toISOString()} ${String(bytes)}`
    : undefined;
}

/** Without a Date nothing speaks against it. */
export function isStrongDate(lastModified: string | undefined, date: string | undefined): boolean {
  const modified = dateOf(lastModified);
  const sent = dateOf(date);
  return modified !== undefined && (sent === undefined || sent.getTime() - modified.getTime() >= STRONG_AGE_MS);
}

function dateOf(header: string | undefined): Date | undefined {
  const time = Date.parse(header ?? '');
  return Number.isNaN(time) ? undefined : new Date(time);
}
