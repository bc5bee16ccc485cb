/** One document of SPARQL 1.1 Query Results JSON: the rows, or the sentence that says what it is instead. */
import { SourceError, messageOf } from '../../errors.ts';
import { firstBytes, sniffContent } from '../bytes/sniff-content.ts';

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
  const variables = Array.isArray(head?.vars) ? head.vars.filter((name) => typeof name === 'string') : undefined;
  const bindings: unknown = results?.bindings;
  if (variables === undefined || !Array.isArray(bindings)) {
    throw notResults(name, 'a JSON document without "head.vars" and "results.bindings"', text);
  }
  return { variables, bindings: bindings as unknown[], offset: typeof offset === 'number' ? offset : 0 };
}

/** A page as it is kept: a document of results that also says where it stands. */
export function renderSparqlPage(page: SparqlResults): Buffer {
  const { offset, variables, bindings } = page;
  return Buffer.from(JSON.stringify({ offset, head: { vars: variables }, results: { bindings } }));
}

function parse(text: string, name: string): object {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw notResults(name, 'JSON of another kind', text);
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const found = sniffContent(Buffer.from(text.slice(0, 1000)));
    const isCut = found === 'JSON';
    throw notResults(
      name,
      isCut ? `broken or truncated JSON (${messageOf(error)})` : (found ?? 'something else'),
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
