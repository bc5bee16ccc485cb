/**
 * Fetches the rows of a query page by page into a download bundle in the spool. After a crash it resumes after the last
 * page.
 */
import type { FetchContext } from '../../src/component/reader.ts';
import type { Download } from '../../src/component/download.ts';
import type { Bundle } from '../../src/component/services.ts';
import { LimitError, SourceError } from '../../src/errors.ts';
import { readSparqlForm } from '../../src/formats/sparql/paging.ts';
import { parseSparqlResults, renderSparqlPage, type SparqlResults } from '../../src/formats/sparql/results.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import { askSparql } from './ask-sparql.ts';
import type { SparqlArgs } from './sparql-args.ts';

/** `attempt` identifies the run: another run sends the query again. */
export async function fetchPages(args: SparqlArgs, attempt: string, context: FetchContext): Promise<Download> {
  const key = JSON.stringify(['sparql', args.origin, args.query, args.page_size, attempt]);
  const onWait = (): void => {
    context.onProgress({ bytes: 0 });
  };
  const opened = await context.services.bundles.open({ key, name: 'sparql.tar', signal: context.signal, onWait });
  if ('complete' in opened) return opened.complete;
  const { bundle } = opened;
  let isComplete = false;
  try {
    await addPages(bundle, args, context);
    const pages = await bundle.complete();
    isComplete = true;
    return pages;
  } finally {
    if (!isComplete) await bundle.close();
  }
}

/**
 * A page may have fewer rows than were asked for, because services cut answers at a limit of their own: only an empty
 * one is the end.
 */
async function addPages(bundle: Bundle, args: SparqlArgs, context: FetchContext): Promise<void> {
  const form = readSparqlForm(args.query);
  const toQuery = args.page_size === 0 ? undefined : form.page;
  const isPage = toQuery !== undefined;
  const kept = bundle.count === 0 ? undefined : await bundle.last();
  let last = kept === undefined ? undefined : parseSparqlResults(kept.toString('utf8'), 'A page in the spool');
  let bytes = 0;
  let pages = bundle.count;
  while (last === undefined || (toQuery !== undefined && last.bindings.length > 0)) {
    if (pages++ >= args.max_pages) throw tooManyPages(args);
    const offset: number = last === undefined ? 0 : last.offset + last.bindings.length;
    const query = toQuery?.(args.page_size, offset) ?? args.query;
    const page: SparqlResults = { ...(await askSparql({ query, limit: form.limit, isPage }, args, context)), offset };
    if (!isPage && form.limit === undefined) warnOfRoundNumber(page.bindings.length, args, context);
    if (last !== undefined && isSameRows(last, page)) throw repeated(args, offset);
    const content = renderSparqlPage(page);
    await bundle.add(`rows-${String(offset).padStart(9, '0')}.json`, content);
    context.onProgress({ bytes: (bytes += content.length) });
    last = page;
  }
}

/** Services cut answers at such a number, most of them without a word. */
function warnOfRoundNumber(rows: number, args: SparqlArgs, context: FetchContext): void {
  if (!/^(1|2|5|10|50)0{3,}$/.test(String(rows))) return;
  context.warn({
    code: 'W_SPARQL_ROWS',
    message: `${redactUrl(args.origin)} gave exactly ${String(rows)} rows, which may be a limit of the service. Ask in pages with "page_size" to be sure that there are no more.`,
  });
}

function isSameRows(a: SparqlResults, b: SparqlResults): boolean {
  return b.bindings.length > 0 && JSON.stringify(a.bindings) === JSON.stringify(b.bindings);
}

function repeated(args: SparqlArgs, offset: number): SourceError {
  return new SourceError(
    'E_SPARQL_RESULTS',
    `${redactUrl(args.origin)} gave the same rows again at OFFSET ${String(offset)}: it does not page. Set "page_size": 0 to ask for everything at once.`,
    { details: { offset } },
  );
}

function tooManyPages(args: SparqlArgs): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `${redactUrl(args.origin)} gave more than max_pages, ${String(args.max_pages)} pages. Raise "page_size" or "max_pages" if the result is genuine.`,
    { details: { max_pages: args.max_pages } },
  );
}
