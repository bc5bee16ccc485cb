/** One query to a SPARQL service by the SPARQL 1.1 Protocol, and what its answer means. */
import type { FetchContext } from '../../src/component/reader.ts';
import { ConfigError } from '../../src/errors.ts';
import { parseSparqlResults, type SparqlResults } from '../../src/formats/sparql/results.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import type { SparqlArgs } from './sparql-args.ts';

/** Longer addresses are refused by some servers and proxies. */
const LONGEST_ADDRESS = 2000;

export async function askSparql(query: string, args: SparqlArgs, context: FetchContext): Promise<SparqlResults> {
  const { user_agent: userAgent } = args.client_params;
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
    statuses: [400],
    ...(isPost ? { method: 'POST' as const, form: { query } } : {}),
  });
  const where = redactUrl(args.origin);
  if (answer.status === 400) throw refused(where, answer.body);
  return parseSparqlResults(answer.body, `The answer of ${where}`);
}

function refused(where: string, body: string): ConfigError {
  const reason = body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 300);
  return new ConfigError(
    'E_SPARQL_REFUSED',
    `${where} refuses the query (400): ${reason === '' ? 'it does not say why' : reason}. Correct the query; with "page_size": 0 it is sent as it stands.`,
    { details: { url: where } },
  );
}
