/** One document of SPARQL 1.1 Query Results JSON: the rows, or the sentence that says what it is instead. */
import { SourceError, messageOf } from '../../errors.ts';
import { CONTENT_TEXTS, firstBytes, sniffContent } from '../bytes/sniff-content.ts';
import { parseJsonExactly } from '../json/exact-numbers.ts';

export interface SparqlResults {
  readonly variables: readonly string[];
  /** `{variable: {type, value, …}}`; a variable without a value has no key. As parsed: each row is to be checked. */
  readonly bindings: readonly unknown[];
  /** Rows before these, where the document is a page that we kept. */
  readonly offset: number;
}

/** Throws SourceError E_SPARQL_RESULTS. */
export function parseSparqlResults(text: string, name: string): SparqlResults {
  const value = parse(text, name);
  const { head, results, offset } = value as {
    head?: { vars?: unknown };
    results?: { bindings?: unknown };
    offset?: unknown;
  };
  refuseParts(value, name);
  const variables = Array.isArray(head?.vars) ? head.vars.filter((name) => typeof name === 'string') : undefined;
  const bindings: unknown = results?.bindings;
  if (variables === undefined || !Array.isArray(bindings)) {
    throw notResults(name, 'a JSON document without "head.vars" and "results.bindings"', text);
  }
  return { variables, bindings: bindings as unknown[], offset: typeof offset === 'number' ? offset : 0 };
}

/** Services that stream their rows say only at the end, or after it, that something broke. */
function refuseParts(value: object, name: string): void {
  const { meta, results } = value as { meta?: unknown; results?: unknown };
  for (const [where, part] of Object.entries({ '': value, 'meta.': meta, 'results.': results })) {
    if (typeof part !== 'object' || part === null) continue;
    const flag = Object.entries(part).find(([key, flag]) => flag === true && SAYS_PART.test(key));
    if (flag !== undefined) throw incompleteResults(name, `"${where}${flag[0]}" is true`);
  }
}

const SAYS_PART = /^(is_?)?(truncated|incomplete|partial)(_?results?)?$|^has_?more$/i;

/** What Blazegraph, RDF4J and others append to rows that were already sent. */
const FAILED = /\b([\w.]*(?:Exception|TimeoutError)\b[^\n]{0,120}|query timed? ?out[^\n]{0,80}|timed out[^\n]{0,80})/i;

function incompleteResults(name: string, why: string): SourceError {
  return new SourceError(
    'E_SOURCE_INCOMPLETE',
    `${name} is not everything: ${why}. Nothing of it is published. Ask for smaller pages or a narrower query, or run again when the service is less busy.`,
    { details: { resource: name } },
  );
}

/** A stored page: a document of results with its position. */
export function renderSparqlPage(page: SparqlResults): Buffer {
  const { offset, variables, bindings } = page;
  return Buffer.from(JSON.stringify({ offset, head: { vars: variables }, results: { bindings } }));
}

function parse(text: string, name: string): object {
  try {
    const value = parseJsonExactly(text.replace(/^\ufeff/, ''));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw notResults(name, 'JSON of another kind', text);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const failed = FAILED.exec(text.slice(-8000))?.[0];
    const isJson = /^[\ufeff\s]*\{/.test(text);
    if (isJson && failed !== undefined) {
      throw incompleteResults(name, `it breaks off with "${failed.replaceAll(/[\s\p{C}"]+/gu, ' ').trim()}"`);
    }
    const found = sniffContent(Buffer.from(text.slice(0, 1000)));
    const isCut = found === 'json';
    throw notResults(
      name,
      isCut
        ? `broken or truncated JSON (${messageOf(error)})`
        : found === undefined
          ? 'something else'
          : CONTENT_TEXTS[found],
      text,
    );
  }
}

function notResults(name: string, found: string, text: string): SourceError {
  return new SourceError(
    'E_SPARQL_RESULTS',
    `${name} should be SPARQL 1.1 results in JSON, but it is ${found}; it begins with ${firstBytes(Buffer.from(text.slice(0, 200)))}. Ask the service for the query of the job and look at its answer.`,
    { details: { resource: name } },
  );
}
