/**
 * A page in the spool: one line of JSON that says what the page is and what follows it, then the answer as the server sent
 * it. Both are written at once, so that a reader that was killed knows where to resume.
 */
import { z } from 'zod';
import type { ReadContext } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { SourceError } from '../../src/errors.ts';
import { readBundle } from '../../src/formats/tar/read-bundle.ts';

const scalar = z.union([z.string(), z.number()]);

const headerSchema = z.object({
  /** Items before this page. */
  first: z.number(),
  count: z.number(),
  /** The total in the answer. */
  total: z.number().optional(),
  /** SHA-256 over the digests of all items so far, in hex: however they were cut into pages, equal items give equal digests. */
  digest: z.string(),
  /** Eight bytes of a digest for each item with an id, in base64. */
  ids: z.string(),
  /** Empty pages up to this one, one after the other. */
  empty: z.number(),
  /** Null after the last page. */
  next: z
    .object({ link: z.string().optional(), values: z.record(z.string(), scalar), size: z.number().optional() })
    .nullable(),
  /** The server that answered, because the answer may name the next address. */
  hop: z.object({ url: z.string(), network: z.enum(['public', 'private']) }),
});

export type PageHeader = z.infer<typeof headerSchema>;

const NAME = 'page-';

export function pageName(page: number): string {
  return `${NAME}${String(page).padStart(7, '0')}.json`;
}

export function renderPage(header: PageHeader, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
}

export function headerOf(content: Buffer): PageHeader {
  return headerSchema.parse(JSON.parse(content.toString('utf8', 0, content.indexOf(NEWLINE))));
}

const NEWLINE = 0x0a;

export interface KeptPage {
  readonly name: string;
  /** Undefined for an answer that an operator saved. */
  readonly header: PageHeader | undefined;
  /** The answer. Read it once, before the next page is requested. */
  readonly body: AsyncIterable<Buffer>;
}

/** Returns the fetched pages, or a single answer that an operator saved. */
export async function* readPages(
  input: Resource,
  { signal, warn }: Pick<ReadContext, 'signal' | 'warn'>,
): AsyncGenerator<KeptPage, void, undefined> {
  if (!(await isBundle(input))) {
    yield { name: input.name, header: undefined, body: input.stream() };
    return;
  }
  let number = 0;
  for await (const { resource } of readBundle(input, { from: 0, signal, warn })) {
    const chunks = resource.stream()[Symbol.asyncIterator]();
    const { header, rest } = await takeHeader(chunks, resource.name);
    number++;
    yield { name: `page ${String(number)} of ${input.name}`, header, body: bodyOf(rest, chunks) };
  }
}

/** JSON begins with a bracket or white space, a tar with the name of its first member. */
async function isBundle(input: Resource): Promise<boolean> {
  for await (const chunk of input.stream()) return chunk.toString('latin1', 0, NAME.length) === NAME;
  return false;
}

async function takeHeader(
  chunks: AsyncIterator<Buffer>,
  name: string,
): Promise<{ readonly header: PageHeader; readonly rest: Buffer }> {
  const parts: Buffer[] = [];
  for (;;) {
    const next = await chunks.next();
    if (next.done === true)
      throw new SourceError('E_SOURCE_CHANGED', `${name} in the spool is not a page of http-api.`);
    const at = next.value.indexOf(NEWLINE);
    parts.push(at < 0 ? next.value : next.value.subarray(0, at));
    if (at < 0) continue;
    return {
      header: headerSchema.parse(JSON.parse(Buffer.concat(parts).toString('utf8'))),
      rest: next.value.subarray(at + 1),
    };
  }
}

async function* bodyOf(rest: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  if (rest.length > 0) yield rest;
  for (;;) {
    const next = await chunks.next();
    if (next.done === true) return;
    yield next.value;
  }
}
