/**
 * Reads the changes at ORCID from the buckets of its public data sync. The list of last changes shows which records are
 * newer than `since`, and only these are fetched. They are stored in one download bundle in the spool, in the order of
 * the list, so an interrupted run resumes after the records that it has.
 *
 * It reports no identity. The same list gives other records for another `since`, and a run that found nothing new would
 * move the watermark past records that the previous run could not fetch. Only the list shows what is new.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  defineReader,
  type FetchContext,
  type FetchedFile,
  type NothingNew,
  type SourceVersion,
} from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { LimitError, UnavailableError } from '../src/errors.ts';
import type { S3Place, S3Service } from '../src/component/s3-service.ts';
import { readBundle } from '../src/formats/tar/read-bundle.ts';
import { fileResource } from '../src/spool/file-resource.ts';
import { fillBundle } from './orcid/fill-bundle.ts';
import { readLastModified, newerRecords, newestRecord, type ModifiedRecord } from './orcid/read-last-modified.ts';
import { readSince, sinceArg } from './arguments/since.ts';
import { BOTH_KEYS, hasBothKeys, placeArgs, toPlace } from '../src/component/s3-place-args.ts';

const argsSchema = z
  .strictObject({
    since: sinceArg.describe(
      'Only records that were changed at this time or later: a date, `YYYY-MM-DD HH:mm`, ISO 8601, `{"days": 10}`, or `none` for all. Without it the watermark of the job decides. Times without a zone are UTC, as in the list of ORCID.',
    ),
    list_bucket: z.string().min(1).default('orcid-lambda-file').describe('The bucket with the list of last changes.'),
    list_key: z.string().min(1).default('last_modified.csv.tar').describe('The name of the list in its bucket.'),
    summaries_bucket: z
      .string()
      .min(1)
      .default('v3.0-summaries')
      .describe('The bucket with the records, each as `<last three characters>/<ORCID iD>.xml`.'),
    ...placeArgs,
    region: z.string().min(1).default('eu-west-1').describe('The region of the buckets.'),
    connections: z
      .int()
      .min(1)
      .max(128)
      .default(32)
      .describe('The number of records that are fetched at once. Each request keeps one record in memory.'),
    max_record_bytes: z
      .int()
      .positive()
      .default(16 * 1024 ** 2)
      .describe('The largest record that is accepted, in bytes. A larger one is rejected; the others are read.'),
    max_records: z
      .int()
      .positive()
      .default(3_000_000)
      .describe(
        'The most records that one run fetches. More ends the run before it fetches any: a public data file brings all 20 million at once.',
      ),
    max_list_bytes: z
      .int()
      .positive()
      .default(4 * 1024 ** 3)
      .describe('The largest list that is accepted, packed, in bytes.'),
    origin: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
    mode: z.string().optional().describe('Accepted and ignored, because existing configs contain it.'),
  })
  .refine(hasBothKeys, BOTH_KEYS);

type Args = z.infer<typeof argsSchema>;

const locatorSchema = z.object({ etag: z.string(), bytes: z.number().optional(), since: z.iso.datetime().optional() });

export const orcidDataSync = defineReader<Args>({
  type: 'orcid-data-sync',
  version: 1,
  summary: 'ORCID records that changed since the last run',
  description:
    'Needs the credentials of an ORCID member, as `access_key` and `secret_key`. Downloads the list of last changes, selects the records from the newest to the first that is older than `since`, and fetches only these. A record that cannot be fetched is rejected with its ORCID iD. Without `since` and watermark, all records are fetched: load a public data file first, and set the watermark to its date.',
  args: argsSchema,
  examples: [
    { title: 'What changed since the last run', args: {} },
    { title: 'What changed in the last ten days', args: { since: { days: 10 } } },
    { title: 'From a mirror', args: { endpoint: 'https://s3.example.org', path_style: true } },
  ],
  coverage: 'incremental',
  accepts: 'nothing',
  emits: 'bytes',
  locate,
  fetch,
  open: (files, _args, context) => openFirst(files, context),
});

/** Reads the first row of the list, which is the newest change; where that is older than `since`, a few more. */
async function locate(args: Args, context: FetchContext): Promise<SourceVersion | NothingNew> {
  const { signal, services } = context;
  const answer = await services.s3.get(toPlace(args, args.list_bucket), args.list_key, { signal });
  const since = startOf(args, context);
  if (args.since === undefined && answer.etag !== undefined && answer.etag === listReadBefore(context)) {
    answer.close();
    return { nothingNew: `${nameOf(args)} lists the same changes as at the last run.` };
  }
  let newest: ModifiedRecord | undefined;
  try {
    newest = await newestRecord(readLastModified(answer.body, listOptions(args, context)), since);
  } finally {
    answer.close();
  }
  const name = nameOf(args);
  if (newest === undefined) return { nothingNew: `${name} lists no records.` };
  const published = newest.lastModified.toISOString();
  if (since !== undefined && newest.lastModified < since) {
    return { nothingNew: `The newest change in ${name} is of ${published}, before since ${since.toISOString()}.` };
  }
  return {
    name,
    version: published,
    published,
    // Frozen here: "10 days ago" is another time at the next attempt.
    locator: {
      etag: answer.etag ?? '',
      ...(answer.bytes === undefined ? {} : { bytes: answer.bytes }),
      ...(since === undefined ? {} : { since: since.toISOString() }),
    },
  };
}

/**
 * The list is written once a day: what was changed before the last run and after its list was written is only in the next
 * list. So a run begins at the newest change of the list that was read last, less an hour for changes that came late.
 */
function startOf(args: Args, context: FetchContext): Date | undefined {
  const since = readSince(args.since, context);
  const before = Date.parse(context.previous?.published ?? '') - LATE_MS;
  return since === undefined || args.since !== undefined || !(before < since.getTime()) ? since : new Date(before);
}

/** The ETag of the list that the last run read. */
function listReadBefore({ previous }: FetchContext): string | undefined {
  const before = locatorSchema.safeParse(previous?.locator);
  return before.success && before.data.etag !== '' ? before.data.etag : undefined;
}

const LATE_MS = 60 * 60 * 1000;

async function fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { signal, services } = context;
  const { etag, bytes, since: frozen } = locatorSchema.parse(version.locator);
  const since = frozen === undefined ? undefined : new Date(frozen);
  const key = bundleKey(args, etag, since);
  const name = `orcid-records-${version.version.slice(0, 10)}.tar`;
  const opened = await services.bundles.open({
    key,
    name,
    signal,
    onWait: () => {
      context.onProgress({ bytes: 0 });
    },
  });
  if ('complete' in opened) return [{ name, ...opened.complete }];
  const { bundle } = opened;
  try {
    const object = { key: args.list_key, etag, ...(bytes === undefined ? {} : { bytes }) };
    const list = await services.s3.download(toPlace(args, args.list_bucket), object, {
      signal,
      maxBytes: args.max_list_bytes,
      onProgress: context.onProgress,
    });
    const listResource = fileResource({ name: args.list_key, ...list });
    const records = (warn: FetchContext['warn']): AsyncGenerator<ModifiedRecord> =>
      newerRecords(readLastModified(listResource.stream(), listOptions(args, context)), since, warn);
    const left = (await countRecords(records(context.warn), args)) - bundle.count;
    await fillBundle(
      bundle,
      records(() => undefined),
      {
        connections: args.connections,
        signal,
        fetch: (record, stop) => fetchRecord(record.id, args, context, stop),
        // The total is estimated from the average size of the records so far.
        onProgress: ({ bytes, records: taken }) => {
          context.onProgress({ bytes, total: Math.round((bytes / taken) * Math.max(left, taken)) });
        },
      },
    );
    return [{ name, ...(await bundle.complete()) }];
  } catch (error) {
    await bundle.close();
    throw error;
  }
}

function fetchRecord(id: string, args: Args, { services }: FetchContext, signal: AbortSignal): Promise<Buffer> {
  const place: S3Place = toPlace(args, args.summaries_bucket);
  return collectObject(services.s3, place, `${id.slice(-3)}/${id}.xml`, { signal, maxBytes: args.max_record_bytes });
}

async function countRecords(records: AsyncIterable<ModifiedRecord>, args: Args): Promise<number> {
  let count = 0;
  for await (const _ of records) {
    count += 1;
    if (count <= args.max_records) continue;
    throw new LimitError(
      'E_SOURCE_TOO_LARGE',
      `${nameOf(args)} has more than ${String(args.max_records)} records to fetch, the limit of max_records. Load a public data file of ORCID first and set the watermark to its date, or raise the limit.`,
      { details: { limit: args.max_records } },
    );
  }
  return count;
}

/** Everything that decides which records the bundle holds; never a secret. */
function bundleKey(args: Args, etag: string, since: Date | undefined): string {
  const { endpoint, region, list_bucket, list_key, summaries_bucket, max_record_bytes } = args;
  const parts = [
    endpoint,
    region,
    list_bucket,
    list_key,
    summaries_bucket,
    max_record_bytes,
    etag,
    since?.toISOString(),
  ];
  return `orcid-data-sync ${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

function openFirst(
  [bundle]: readonly Resource[],
  context: Parameters<typeof readBundle>[1],
): ReturnType<typeof readBundle> {
  if (bundle === undefined) throw new Error('a run of orcid-data-sync has no bundle');
  return readBundle(bundle, context);
}

function listOptions(args: Args, { signal, warn }: FetchContext): Parameters<typeof readLastModified>[1] {
  return { name: nameOf(args), signal, warn };
}

function nameOf(args: Args): string {
  return `${args.list_bucket}/${args.list_key}`;
}

/** Reads a small object into memory. */
async function collectObject(
  s3: S3Service,
  place: S3Place,
  key: string,
  { signal, maxBytes }: { readonly signal: AbortSignal; readonly maxBytes: number },
): Promise<Buffer> {
  const answer = await s3.get(place, key, { signal });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    if (answer.bytes !== undefined && answer.bytes > maxBytes) throw tooLarge(place, key, maxBytes);
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(place, key, maxBytes);
      chunks.push(chunk);
    }
  } finally {
    answer.close();
  }
  if (answer.bytes !== undefined && bytes !== answer.bytes) {
    throw new UnavailableError(
      'E_SOURCE_UNAVAILABLE',
      `${place.bucket}/${key} ended after ${String(bytes)} of ${String(answer.bytes)} bytes. It is tried again.`,
    );
  }
  return Buffer.concat(chunks);
}

function tooLarge({ bucket }: S3Place, key: string, limit: number): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `${bucket}/${key} has more than ${String(limit)} bytes, the limit of max_record_bytes. Raise it only for a source that you trust.`,
    { details: { bucket, key, limit } },
  );
}
