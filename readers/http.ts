/** A file, or one file for each of several ids, from an address. An answer other than 200 is an error, never an empty success. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineReader, type FetchContext, type FetchedFile, type SourceVersion } from '../src/component/reader.ts';
import { askAboutFile } from '../src/http/ask-about-file.ts';
import { fileNameOf } from '../src/http/file-name-of.ts';
import { headersArg } from './arguments/headers-arg.ts';

const idSchema = z.union([z.string().min(1), z.number()]);

const argsSchema = z
  .strictObject({
    origin: z
      .string()
      .refine(isPlainHttpUrl, 'expected an http(s) address without user name and password')
      .describe('The address of the file. `{id}` in it is replaced by each id.'),
    id: idSchema.optional().describe('One id for `{id}` in `origin`.'),
    ids: z
      .array(idSchema)
      .min(1)
      .optional()
      .describe('Several ids for `{id}`: one request and one file for each, in this order.'),
    content_type: z
      .string()
      .optional()
      .describe(
        'The media type to ask for (`Accept`). An HTML page counts as an error page unless this is `text/html`.',
      ),
    headers: headersArg
      .optional()
      .describe(
        'Sent with each request to the host of `origin`, but not to other hosts after a redirect. A credential is a reference: `{"Authorization": {"$secret": "env:SOURCE_AUTHORIZATION"}}`. The variable holds the whole value, such as `Bearer …`.',
      ),
    max_bytes: z
      .int()
      .positive()
      .default(20 * 1024 ** 3)
      .describe('The largest file that is accepted, in bytes. A larger one ends the run before it fills the disk.'),
    next_page: z
      .enum(['refuse', 'ignore'])
      .default('refuse')
      .describe(
        'The policy for a response whose `Link` header names a next page (`rel="next"`) that `ids` does not list. `refuse` fails the run, because records would be missing. `ignore` treats the response as complete.',
      ),
    mode: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
  })
  .refine((args) => hasPlaceholder(args.origin) === (args.id !== undefined || args.ids !== undefined), {
    message: 'expected `{id}` in "origin" together with "id" or "ids", or none of them',
    path: ['origin'],
  })
  .refine((args) => args.id === undefined || args.ids === undefined, {
    message: 'expected either "id" or "ids"',
    path: ['ids'],
  });

type Args = z.infer<typeof argsSchema>;

/** More requests than this only to learn that nothing changed are impolite. */
const MOST_QUESTIONS = 20;

export const http = defineReader<Args>({
  type: 'http',
  version: 1,
  summary: 'A file from an http(s) address',
  description:
    'Downloads into the spool; a broken download resumes. If the server sends a strong `ETag`, or a `Last-Modified` with a length, an unchanged file is recognised before the download.',
  args: argsSchema,
  examples: [
    { title: 'One file', args: { origin: 'https://www.eionet.europa.eu/gemet/latest/gemet.rdf.gz' } },
    { title: 'A file for each id', args: { origin: 'https://example.org/records/{id}.json', ids: ['a1', 'b2'] } },
  ],
  coverage: 'full',
  accepts: 'nothing',
  emits: 'bytes',
  locate,
  fetch,
});

async function locate(args: Args, context: FetchContext): Promise<SourceVersion> {
  const urls = addressesOf(args);
  const [first = ''] = urls;
  const name = urls.length === 1 ? fileNameOf(first) : `${String(urls.length)} files from ${new URL(first).host}`;
  if (urls.length > MOST_QUESTIONS) return { name, version: name };
  const facts = [];
  const question = { signal: context.signal, headers: args.headers, pages: pagesOf(args) };
  for (const url of urls) facts.push(await askAboutFile(context.services.http, url, question));
  const validators = facts.map(({ validator }, i) =>
    validator === undefined ? undefined : `${urls[i] ?? ''} ${validator}`,
  );
  const sizes = facts.flatMap(({ bytes }) => bytes ?? []);
  const newest = Math.max(...facts.map(({ lastModified }) => lastModified?.getTime() ?? NaN));
  return {
    name,
    version: Number.isNaN(newest) ? name : new Date(newest).toISOString(),
    ...(validators.includes(undefined) ? {} : { identity: digestOf(validators.join('\n')) }),
    ...(Number.isNaN(newest) ? {} : { published: new Date(newest).toISOString() }),
    ...(sizes.length === urls.length ? { bytes: sizes.reduce((sum, size) => sum + size, 0) } : {}),
  };
}

/** Addresses come from the args and not from the version: they may hold a token, and the version is kept with the run. */
async function fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]> {
  const files: FetchedFile[] = [];
  const pages = pagesOf(args);
  let before = 0;
  for (const url of addressesOf(args)) {
    const { path, bytes, digest } = await context.services.http.download({
      url,
      maxBytes: args.max_bytes,
      pages,
      signal: context.signal,
      headers: { ...args.headers, ...(args.content_type === undefined ? {} : { accept: args.content_type }) },
      ...(args.content_type?.includes('html') === true ? { accept: ['text/html', 'application/xhtml+xml'] } : {}),
      onProgress: (progress) => {
        const total = version.bytes ?? (hasPlaceholder(args.origin) ? undefined : progress.total);
        context.onProgress({ bytes: before + progress.bytes, ...(total === undefined ? {} : { total }) });
      },
    });
    before += bytes;
    files.push({ name: fileNameOf(url), path, bytes, digest });
  }
  return files;
}

function addressesOf(args: Args): readonly string[] {
  const ids = args.ids ?? (args.id === undefined ? undefined : [args.id]);
  if (ids === undefined) return [args.origin];
  return ids.map((id) => args.origin.replaceAll('{id}', encodeURIComponent(String(id))));
}

/** The addresses that together are the source; undefined where a next page may be left out. */
function pagesOf(args: Args): readonly string[] | undefined {
  return args.next_page === 'ignore' ? undefined : addressesOf(args);
}

/** The address itself stays out of the identity, which is shown and kept. */
function digestOf(text: string): string {
  return `validators:${createHash('sha256').update(text).digest('hex')}`;
}

function hasPlaceholder(origin: string): boolean {
  return origin.includes('{id}');
}

function isPlainHttpUrl(text: string): boolean {
  const url = text.replaceAll('{id}', 'id');
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
