/** The pages of a list, one after the other into a bundle of the spool. After a crash it resumes after the last page. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchContext } from '../../src/component/reader.ts';
import type { Download } from '../../src/component/download.ts';
import type { Bundle } from '../../src/component/services.ts';
import { LimitError, SourceError } from '../../src/errors.ts';
import { createTokenSource } from '../../src/http/client-credentials.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import type { ApiArgs } from './api-args.ts';
import { askPage, type Asking } from './ask-page.ts';
import { headerOf, pageName, renderPage, type PageHeader } from './page-file.ts';
import { firstRequest } from './page-request.ts';

/** One reading of a list. Another reading requests every page again. */
export interface Reading {
  /** Names the run. */
  readonly attempt: string;
  /** From 0. Higher if the list changed while it was read. */
  readonly number: number;
  readonly since: string | undefined;
}

/** Fetches the whole list. */
export async function fetchList(args: ApiArgs, reading: Reading, context: FetchContext): Promise<Download> {
  const opened = await openList(reading, context);
  if ('complete' in opened) return opened.complete;
  const { bundle } = opened;
  let isComplete = false;
  try {
    await addPages(bundle, createAsking(args, reading, context), args.max_pages);
    const list = await bundle.complete();
    isComplete = true;
    return list;
  } finally {
    if (!isComplete) await bundle.close();
  }
}

/** Fetches and keeps the first page. Returns whether the list is empty, so that the rest need not be requested. */
export async function isListEmpty(args: ApiArgs, reading: Reading, context: FetchContext): Promise<boolean> {
  const opened = await openList(reading, context);
  if ('complete' in opened) return false;
  const { bundle } = opened;
  try {
    const { count, next } = await addPages(bundle, createAsking(args, reading, context), 1);
    return count === 0 && next === null;
  } finally {
    await bundle.close();
  }
}

function openList({ attempt, number }: Reading, { services, signal, onProgress }: FetchContext) {
  const key = JSON.stringify(['http-api', attempt, number]);
  const onWait = (): void => {
    onProgress({ bytes: 0 });
  };
  return services.bundles.open({ key, name: 'http-api.tar', signal, onWait });
}

function createAsking(args: ApiArgs, { since }: Reading, context: FetchContext): Asking {
  const { oauth, requests_per_second: rate } = args;
  const tokens =
    oauth === undefined
      ? undefined
      : createTokenSource(context.services.http, {
          tokenUrl: oauth.token_url,
          clientId: oauth.client_id,
          clientSecret: oauth.client_secret,
          scope: oauth.scope,
          audience: oauth.audience,
          sendIn: oauth.send_in,
        });
  return { args, since, context, tokens, pace: createPace(rate, context.signal) };
}

function createPace(rate: number | undefined, signal: AbortSignal): () => Promise<void> {
  if (rate === undefined) return () => Promise.resolve();
  let due = 0;
  return async () => {
    const wait = due - Date.now();
    if (wait > 0) await sleep(wait, undefined, { signal });
    due = Date.now() + 1000 / rate;
  };
}

/** Adds what is missing of the first `most` pages. Returns the last page. */
async function addPages(bundle: Bundle, asking: Asking, most: number): Promise<PageHeader> {
  const { args, context } = asking;
  const kept = await bundle.last();
  let last = kept === undefined ? undefined : headerOf(kept);
  const seen = new Set<string>();
  let bytes = 0;
  for (let pages = bundle.count; ; pages++) {
    if (last !== undefined && (last.next === null || pages >= most)) {
      if (last.next === null || most < args.max_pages) return last;
      throw tooManyPages(args);
    }
    const request = last?.next ?? firstRequest(args);
    if (request.link !== undefined && seen.size === seen.add(request.link).size) throw repeated(args, pages, 'address');
    const page = await askPage(asking, request, last, pages);
    if (last !== undefined && isSamePage(last, page.header)) throw repeated(args, pages, 'items');
    const content = renderPage(page.header, page.body);
    await bundle.add(pageName(pages), content);
    context.onProgress({ bytes: (bytes += content.length) });
    last = page.header;
  }
}

function isSamePage(a: PageHeader, b: PageHeader): boolean {
  return a.count > 1 && a.count === b.count && a.ids === b.ids && a.ids !== '';
}

function repeated({ origin }: ApiArgs, page: number, what: string): SourceError {
  return new SourceError(
    'E_API_REPEATED',
    `${redactUrl(origin)} gave the same ${what} again for page ${String(page + 1)}: its list would never end. Check "paging": the service may not know its parameter.`,
    { details: { page } },
  );
}

function tooManyPages({ origin, max_pages: most }: ApiArgs): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `${redactUrl(origin)} gave more than max_pages, ${String(most)} pages. Raise "page_size" or "max_pages" if the list is genuine.`,
    { details: { max_pages: most } },
  );
}
