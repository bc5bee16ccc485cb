/**
 * The newest ROR data dump: concept DOI → landing page of the newest record → linkset → its one zip.
 * Whether a dump is new is told by its identity (record, file, ETag), never by comparing its date with the last run: a dump
 * dated before the last run may have been published after it. Only a `since` that somebody wrote down skips older dumps.
 */
import { z } from 'zod';
import {
  defineReader,
  type FetchContext,
  type FetchedFile,
  type NothingNew,
  type SourceVersion,
} from '../src/component/reader.ts';
import { messageOf, SourceError, UnavailableError } from '../src/errors.ts';
import { askAboutFile, type FileFacts } from '../src/http/ask-about-file.ts';
import { fileNameOf } from '../src/http/file-name-of.ts';
import { findRecordDate, type RecordDate } from '../src/http/find-record-date.ts';
import { resolveLinkset, type Linkset, type LinkTarget } from '../src/http/resolve-linkset.ts';
import { parseSince } from '../src/job/since.ts';

const argsSchema = z.strictObject({
  since: z
    .union([z.string(), z.null(), z.record(z.string(), z.number())])
    .superRefine((since, context) => {
      try {
        parseSince(since ?? 'none', new Date());
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) });
      }
    })
    .optional()
    .describe(
      'Leaves out a dump that is older than this: a date, `YYYY-MM-DD HH:mm`, ISO 8601, `{"days": 10}`, or `none`. Without it the newest dump is read unless it was published before.',
    ),
  doi: z
    .string()
    .min(1)
    .default('10.5281/zenodo.6347574')
    .describe('The concept DOI, which always leads to the newest version.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
    .default('https://doi.org')
    .describe('The resolver of the DOI. Another one serves mirrors and tests.'),
  max_bytes: z
    .int()
    .positive()
    .default(2 * 1024 ** 3)
    .describe('The largest dump that is accepted, in bytes. Dumps have about 30 MB.'),
  origin: z.string().optional().describe('Accepted and ignored: existing configs carry it.'),
  mode: z.string().optional().describe('Accepted and ignored: existing configs carry it.'),
});

type Args = z.infer<typeof argsSchema>;

const locatorSchema = z.object({
  url: z.string(),
  bytes: z.number().optional(),
  digest: z.string().optional(),
});

const ZIP = 'application/zip';

export const rorHttp = defineReader<Args>({
  type: 'ror-http',
  version: 1,
  summary: 'The newest ROR data dump, by its concept DOI',
  description:
    'Finds the newest record of the concept DOI through the signposting of the repository (`Link` header, linkset) and downloads its one zip into the spool, resumably, with size and checksum as announced.',
  args: argsSchema,
  examples: [
    { title: 'The newest dump', args: {} },
    { title: 'From a mirror', args: { base_url: 'https://mirror.example.org' } },
  ],
  coverage: 'full',
  accepts: 'nothing',
  emits: 'bytes',
  locate,
  fetch,
});

async function locate(args: Args, context: FetchContext): Promise<SourceVersion | NothingNew> {
  const { http } = context.services;
  const linkset = await resolveLinkset(http, `${args.base_url.replace(/\/+$/, '')}/${args.doi}`, context.signal);
  const zip = onlyZip(linkset);
  const name = fileNameOf(zip.href);
  const since = writtenSince(args, context);
  const date = await findDate(linkset, since !== undefined, context);
  if (since !== undefined && date === undefined) {
    context.warn({
      code: 'W_SOURCE_NO_DATE',
      message: `${name} says no date, so \`since\` cannot leave it out; it is read.`,
    });
  }
  if (since !== undefined && date !== undefined && date.until < since) {
    return { nothingNew: `The newest dump, ${name} of ${date.text}, is older than since ${since.toISOString()}.` };
  }
  return toVersion(linkset, zip, name, date, await askAboutFile(http, zip.href, context.signal));
}

/** Where no `since` asks for it the date only informs: a record whose description is broken is synced all the same. */
async function findDate(linkset: Linkset, isNeeded: boolean, context: FetchContext): Promise<RecordDate | undefined> {
  try {
    return await findRecordDate(context.services.http, linkset, context.signal);
  } catch (error) {
    const isAway = error instanceof UnavailableError && error.code === 'E_SOURCE_UNAVAILABLE';
    if (isNeeded || !isAway) throw error;
    context.services.logger.warn('The date of the record could not be asked for', { reason: error.message });
    return undefined;
  }
}

function toVersion(
  linkset: Linkset,
  zip: LinkTarget,
  name: string,
  date: RecordDate | undefined,
  facts: FileFacts,
): SourceVersion {
  const { bytes, digest, validator } = facts;
  return {
    name,
    version: /^v\d+(\.\d+)+/.exec(name)?.[0] ?? name,
    identity: [linkset.citeAs ?? linkset.landing, name, validator ?? bytes ?? ''].join(' ').trim(),
    ...(date === undefined ? {} : { published: date.text }),
    ...(bytes === undefined ? {} : { bytes }),
    locator: { url: zip.href, bytes, digest },
  };
}

async function fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { url, bytes, digest } = locatorSchema.parse(version.locator);
  const file = await context.services.http.download({
    url,
    expected: { ...(bytes === undefined ? {} : { bytes }), ...(digest === undefined ? {} : { digest }) },
    accept: [ZIP, 'application/x-zip-compressed', 'application/x-zip'],
    maxBytes: args.max_bytes,
    signal: context.signal,
    onProgress: (progress) => {
      context.onProgress(progress);
    },
  });
  return [{ name: version.name, path: file.path, bytes: file.bytes, digest: file.digest }];
}

function onlyZip({ items, landing }: Linkset): LinkTarget {
  const zips = items.filter(({ type }) => type === ZIP);
  const [zip] = zips;
  if (zip !== undefined && zips.length === 1) return zip;
  const listed = (zips.length > 1 ? zips : items).map(({ href, type }) => `${fileNameOf(href)} (${type})`);
  throw new SourceError(
    'E_SOURCE_AMBIGUOUS',
    `Expected exactly one file of type ${ZIP} in the record ${landing}, found ${String(zips.length)}. It offers: ${listed.join(', ') || 'nothing'}.`,
    { details: { landing, files: listed } },
  );
}

/** The one in the config wins; a watermark does not count (see the head of this file). */
function writtenSince(args: Args, context: FetchContext): Date | undefined {
  if (args.since === undefined) return context.since?.origin === 'watermark' ? undefined : context.since?.time;
  const parsed = parseSince(args.since ?? 'none', new Date());
  return parsed === 'none' ? undefined : parsed.time;
}
