/** The rows of a SELECT query to a SPARQL service. */
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  defineReader,
  type FetchContext,
  type FetchedFile,
  type ReadContext,
  type SourceVersion,
} from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { abortable } from '../src/component/abortable.ts';
import { RecordError, LimitError } from '../src/errors.ts';
import { isJsonObject } from '../src/records/json-object.ts';
import { RAW_LIMIT, type ReadItem } from '../src/records/entry.ts';
import { fileResource } from '../src/spool/file-resource.ts';
import { readBundle } from '../src/formats/tar/read-bundle.ts';
import { parseSparqlResults } from '../src/formats/sparql/results.ts';
import { fetchPages } from './sparql/fetch-pages.ts';
import { sparqlArgs, type SparqlArgs } from './sparql/sparql-args.ts';

const locatorSchema = z.object({ attempt: z.string() });

export const sparql = defineReader<SparqlArgs>({
  type: 'sparql',
  version: 1,
  summary: 'The rows of a query to a SPARQL service',
  description: `Each row is one record, as SPARQL 1.1 writes it in JSON: \`{"org": {"type": "uri", "value": "…"}, "name": {"type": "literal", "value": "…"}}\`; a
variable without a value has no key. The query is sent in pages, which are stored: after a crash the reader resumes after the last one. A
service has no versions, so it is queried in every run. If the rows are the same as in the last run, the run ends as unchanged. \`--input\`
takes a saved
answer (\`application/sparql-results+json\`).`,
  args: sparqlArgs,
  examples: [
    {
      title: 'A query',
      args: {
        origin: 'https://edmo.seadatanet.org/sparql/sparql',
        query: 'SELECT ?org ?name WHERE { ?org <http://www.w3.org/ns/org#name> ?name }',
      },
    },
    {
      title: 'With a user agent, all at once',
      args: {
        origin: 'https://query.wikidata.org/sparql',
        query: 'SELECT ?item WHERE { ?item wdt:P31 wd:Q3918 }',
        client_params: { user_agent: 'example-repository/1.0 (mailto:ops@example.org)' },
        page_size: 0,
      },
    },
  ],
  coverage: 'full',
  accepts: 'nothing',
  emits: 'records',
  locate,
  fetch,
  read,
});

// eslint-disable-next-line @typescript-eslint/require-await -- the contract of a source is asynchronous
async function locate(args: SparqlArgs): Promise<SourceVersion> {
  const { host } = new URL(args.origin);
  return { name: `query to ${host}`, version: new Date().toISOString(), locator: { attempt: randomUUID() } };
}

/** The digest is of the rows alone: how they were cut into pages and what else an answer says makes no difference. */
async function fetch(version: SourceVersion, args: SparqlArgs, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { path, bytes, digest } = await fetchPages(args, locatorSchema.parse(version.locator).attempt, context);
  const pages = fileResource({ name: version.name, path, bytes, digest });
  const hash = createHash('sha256');
  for await (const rows of readResults(pages, args.max_page_bytes, context)) {
    for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
  }
  return [{ name: version.name, path, bytes, digest: `sha256:${hash.digest('hex')}` }];
}

const BATCH = 500;

async function* read(input: Resource, args: SparqlArgs, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  let first = 0;
  for await (const rows of readResults(input, args.max_page_bytes, context)) {
    for (let at = Math.max(0, context.from - first); at < rows.length; at += BATCH) {
      context.signal.throwIfAborted();
      yield rows.slice(at, at + BATCH).map((row, i) => toItem(row, first + at + i));
    }
    first += rows.length;
  }
}

function toItem(row: unknown, position: number): ReadItem {
  if (isJsonObject(row)) return { position, value: row };
  const message = `Row ${String(position)} of the results should be an object of variables, but it is none.`;
  return { position, error: new RecordError('E_RECORD_TYPE', message), raw: JSON.stringify(row).slice(0, RAW_LIMIT) };
}

/** The rows that were fetched, page by page; or those of a single answer that an operator saved. */
async function* readResults(
  input: Resource,
  maxBytes: number,
  context: Pick<ReadContext, 'signal' | 'warn'>,
): AsyncGenerator<readonly unknown[]> {
  const { signal, warn } = context;
  if (!(await isTar(input))) {
    yield await parsePage(input, maxBytes, signal);
    return;
  }
  for await (const { resource } of readBundle(input, { from: 0, signal, warn })) {
    yield await parsePage(resource, maxBytes, signal);
  }
}

/** JSON begins with a brace or white space; a tar with the name of its first member. */
async function isTar(input: Resource): Promise<boolean> {
  for await (const chunk of input.stream()) return chunk.toString('latin1', 0, 5) === 'rows-';
  return false;
}

async function parsePage(input: Resource, maxBytes: number, signal: AbortSignal): Promise<readonly unknown[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of abortable(input.stream(), signal)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(input.name, maxBytes);
    chunks.push(chunk);
  }
  return parseSparqlResults(Buffer.concat(chunks).toString('utf8'), input.name).bindings;
}

function tooLarge(name: string, maxBytes: number): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `${name} has more than max_page_bytes, ${String(maxBytes)} bytes. Raise it only for a source that you trust.`,
    { details: { resource: name, max_page_bytes: maxBytes } },
  );
}
