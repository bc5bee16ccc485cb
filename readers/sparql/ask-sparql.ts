/** One query to a SPARQL service by the SPARQL 1.1 Protocol, and what its answer means. */
import type { FetchContext } from '../../src/component/reader.ts';
import { ConfigError } from '../../src/errors.ts';
import { parseSparqlResults, type SparqlResults } from '../../src/formats/sparql/results.ts';
import { incomplete } from '../../src/http/answer-errors.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import type { SparqlArgs } from './sparql-args.ts';

/** Longer addresses are refused by some servers and proxies. */
const LONGEST_ADDRESS = 2000;

export interface SparqlQuestion {
  readonly query: string;
  /** The most rows that the query can have, by its own LIMIT; undefined where it asks for all. */
  readonly limit?: number | undefined;
  /** It is one page of several: the rest is asked for until a page is empty. */
  readonly isPage: boolean;
}

/** Throws SourceError E_SOURCE_INCOMPLETE for an answer that is not whole, ConfigError E_SPARQL_REFUSED for a query that can never succeed. */
export async function askSparql(
  { query, limit, isPage }: SparqlQuestion,
  args: SparqlArgs,
  context: FetchContext,
): Promise<SparqlResults> {
  const { user_agent: userAgent } = args.client_params;
  const where = redactUrl(args.origin);
  const address = new URL(args.origin);
  address.searchParams.set('query', query);
  const isPost = args.method === 'post' || (args.method === undefined && address.href.length > LONGEST_ADDRESS);
  const answer = await context.services.http.get(isPost ? args.origin : address.href, {
    signal: context.signal,
    headers: {
      accept: 'application/sparql-results+json, application/json;q=0.5',
      ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    },
    maxBytes: args.max_page_bytes,
    refusal: (status, reason) => refusalOf(where, status, reason),
    ...(isPost ? { method: 'POST' as const, form: { query } } : {}),
  });
  const results = parseSparqlResults(answer.body, `The answer of ${where}`);
  const most = Number.parseInt(answer.headers['x-sparql-maxrows'] ?? '', 10);
  const rows = results.bindings.length;
  if (!isPage && rows >= most && (limit === undefined || rows < limit)) {
    const why = `it sends at most ${String(most)} rows at a time (X-SPARQL-MaxRows), and the answer has ${String(rows)}`;
    throw incomplete(where, why, { rows, most }, 'Ask in pages: set "page_size" and leave LIMIT out of the query.');
  }
  return results;
}

/** What services write of a query that fails each time, and what helps. */
const NEVER: readonly (readonly [RegExp, string])[] = [
  [
    /\bSR353\b|sorted top clause/i,
    'The service sorts too few rows for this query. Split the query into several jobs with fewer rows each, or ask for everything at once with "page_size": 0.',
  ],
  [
    /estimated execution time .*exceeds the limit/i,
    'The service finds the query too expensive. Narrow it, or split it into several jobs.',
  ],
  [
    /\bVirtuoso (22|37)[0-9A-Z]{3} Error|\bSP03\d\b|SPARQL compiler|malformed ?query|queryparse|syntax ?error|parse error|lexical error|unresolved prefix|undefined prefix/i,
    'Correct the query; with "page_size": 0 it is sent as it is.',
  ],
];

/** A 400 says that the query is wrong. Virtuoso and others say it with 500, which otherwise is transient. */
function refusalOf(where: string, status: number, reason: string): ConfigError | undefined {
  const advice = NEVER.find(([pattern]) => pattern.test(reason))?.[1];
  if (status !== 400 && (status < 500 || advice === undefined)) return undefined;
  const said = reason === '' ? 'it does not say why' : `"${reason}"`;
  return new ConfigError(
    'E_SPARQL_REFUSED',
    `${where} refuses the query (${String(status)}): ${said}. ${advice ?? 'Correct the query; with "page_size": 0 it is sent as it is.'}`,
    { details: { url: where, status } },
  );
}
