/** The rows that were fetched, page by page; or those of a single answer that an operator saved. */
import type { ReadContext } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { abortable } from '../../src/component/abortable.ts';
import { LimitError } from '../../src/errors.ts';
import { readBundle } from '../../src/formats/tar/read-bundle.ts';
import { parseSparqlResults } from '../../src/formats/sparql/results.ts';

export async function* readResults(
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
