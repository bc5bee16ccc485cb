/**
 * Reads the objects of a bucket. The list of the bucket is requested again before anything is fetched, and each object
 * is requested by its ETag. A bucket that changes meanwhile is noticed, and never read half old and half new.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import {
  defineReader,
  type FetchContext,
  type FetchedFile,
  type NothingNew,
  type SourceVersion,
} from '../src/component/reader.ts';
import type { S3Object } from '../src/component/s3-service.ts';
import { LimitError, SourceError } from '../src/errors.ts';
import { isCompanion, onlyCompanions } from '../src/formats/archive/companions.ts';
import { compileMemberPattern } from '../src/formats/archive/member-pattern.ts';
import { noMatch } from '../src/formats/archive/select-members.ts';
import { namePattern } from './arguments/name-pattern.ts';
import { readSince, sinceArg } from './arguments/since.ts';
import { BOTH_KEYS, hasBothKeys, placeArgs, toPlace } from '../src/component/s3-place-args.ts';

const argsSchema = z
  .strictObject({
    bucket: z
      .string()
      .regex(
        /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$/,
        'expected the name of a bucket, not an ARN or an address',
      )
      .describe('The name of the bucket.'),
    prefix: z.string().optional().describe('Only objects whose keys begin with this. The server looks no further.'),
    regex: namePattern.describe(
      'Only objects in whose key this regular expression is found (RE2 syntax, searched anywhere).',
    ),
    since: sinceArg.describe(
      'Only objects that were written at this time or later: a date, `YYYY-MM-DD HH:mm`, ISO 8601, `{"days": 10}`, or `none` for all. Without it, a run reads the objects that no earlier run has read, including objects that appear up to 7 days after they were written.',
    ),
    ...placeArgs,
    region: z.string().min(1).default('us-east-1').describe('The region of the bucket.'),
    max_objects: z
      .int()
      .positive()
      .default(10_000)
      .describe('The most objects that one run reads. Each becomes a file in the spool that is listed with the run.'),
    max_bytes: z
      .int()
      .positive()
      .default(200 * 1024 ** 3)
      .describe('The largest object that is accepted, in bytes.'),
  })
  .refine(hasBothKeys, BOTH_KEYS);

type Args = z.infer<typeof argsSchema>;

const locatorSchema = z.object({
  list: z.string(),
  since: z.iso.datetime().optional(),
  /** Objects that runs before have read, and those that this run reads, by `toMark`. The young ones alone. */
  known: z.array(z.string()).default([]),
  read: z.array(z.string()).default([]),
});

/**
 * How long an object may appear after its LastModified. Of a large upload in parts, that is the time when it began; and
 * clocks differ.
 */
const LATEST_MS = 7 * 24 * 60 * 60 * 1000;
/** Objects are remembered for longer than they are looked for. */
const REMEMBERED_MS = LATEST_MS + 24 * 60 * 60 * 1000;

export const s3 = defineReader<Args>({
  type: 's3',
  version: 1,
  summary: 'The objects of an S3 bucket that are new',
  description:
    'For Amazon and any server with the same protocol. Objects are read in the order of their keys. Each is downloaded into the spool by its ETag, and a broken download resumes. Without `since` and watermark all objects are read. Folders and companion files (`__MACOSX/`, `._name`, `.DS_Store`, `Thumbs.db`, `desktop.ini`) are never read. An object that is no longer in the bucket does not count as removed, because a run may read only new objects.',
  args: argsSchema,
  examples: [
    { title: 'Dumps in a public bucket', args: { bucket: 'vocabularies', prefix: 'dumps/', regex: '\\.jsonl\\.gz$' } },
    {
      title: "A server of one's own",
      args: { bucket: 'vocabularies', endpoint: 'https://s3.example.org', region: 'eu-west-1' },
    },
  ],
  coverage: 'incremental',
  accepts: 'nothing',
  emits: 'bytes',
  locate,
  fetch,
});

async function locate(args: Args, context: FetchContext): Promise<SourceVersion | NothingNew> {
  const since = readSince(args.since, context);
  const memory = args.since === undefined ? memoryOf(context.previous) : undefined;
  const from = since === undefined || memory === undefined ? since : new Date(since.getTime() - LATEST_MS);
  const known = new Set(memory);
  const objects = await listNew(args, { from, known }, context);
  if (objects.length === 0) {
    return {
      nothingNew: `Nothing in ${nameOf(args)} was written at or after since ${since?.toISOString() ?? 'none'}.`,
    };
  }
  const newest = new Date(Math.max(...objects.map(({ lastModified }) => lastModified.getTime())));
  const [only] = objects;
  const list = digestOf(objects);
  const oldest = Date.now() - REMEMBERED_MS;
  return {
    name:
      only !== undefined && objects.length === 1
        ? basename(only.key)
        : `${String(objects.length)} objects of ${nameOf(args)}`,
    version: newest.toISOString(),
    published: newest.toISOString(),
    identity: `${args.endpoint ?? 's3'} ${nameOf(args)} ${list}`,
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
    // Frozen here: "10 days ago" is another time at the next attempt.
    locator: {
      list,
      ...(from === undefined ? {} : { since: from.toISOString() }),
      known: memory ?? [],
      read: objects.filter(({ lastModified }) => lastModified.getTime() >= oldest).map(toMark),
    },
  };
}

/** Undefined where no run before has read the bucket, or by a version that remembers nothing: then the time decides. */
function memoryOf(previous: SourceVersion | undefined): readonly string[] | undefined {
  const found = z.object({ known: z.array(z.string()), read: z.array(z.string()) }).safeParse(previous?.locator);
  return found.success ? [...new Set([...found.data.known, ...found.data.read])].slice(-MOST_REMEMBERED) : undefined;
}

/** The oldest are forgotten first: at worst an object is read a second time and found unchanged. */
const MOST_REMEMBERED = 50_000;

/** One object with one content. */
function toMark({ key, etag }: S3Object): string {
  return createHash('sha256')
    .update(JSON.stringify([key, etag]))
    .digest('base64url')
    .slice(0, 16);
}

async function fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { list, since, known } = locatorSchema.parse(version.locator);
  const from = since === undefined ? undefined : new Date(since);
  const objects = await listNew(args, { from, known: new Set(known) }, context);
  if (digestOf(objects) !== list) throw changed(args);
  const files: FetchedFile[] = [];
  let before = 0;
  for (const object of objects) {
    const { path, bytes, digest } = await context.services.s3.download(toPlace(args, args.bucket), object, {
      signal: context.signal,
      maxBytes: args.max_bytes,
      onProgress: (progress) => {
        context.onProgress({
          bytes: before + progress.bytes,
          ...(version.bytes === undefined ? {} : { total: version.bytes }),
        });
      },
    });
    before += bytes;
    files.push({ name: object.key, path, bytes, digest });
  }
  return files;
}

/** Throws where nothing is there at all or nothing matches: a wrong prefix must not look like a quiet day. */
async function listNew(
  args: Args,
  { from, known }: { readonly from: Date | undefined; readonly known: ReadonlySet<string> },
  context: FetchContext,
): Promise<readonly S3Object[]> {
  const pattern = args.regex === undefined ? undefined : compileMemberPattern(args.regex);
  const others: { readonly name: string }[] = [];
  const found: S3Object[] = [];
  let count = 0;
  let companions = 0;
  let hasMatch = false;
  const options = { signal: context.signal, ...(args.prefix === undefined ? {} : { prefix: args.prefix }) };
  for await (const page of context.services.s3.list(toPlace(args, args.bucket), options)) {
    for (const object of page) {
      if (isCompanion(object.key, object.bytes)) {
        companions += 1;
        continue;
      }
      count += 1;
      if (pattern?.matches(object.key) === false) {
        if (others.length < MOST_NAMES) others.push({ name: object.key });
        continue;
      }
      hasMatch = true;
      const isYoung = from === undefined || endOfSecond(object.lastModified) >= from.getTime();
      if (isYoung && !known.has(toMark(object))) found.push(object);
      if (found.length > args.max_objects) throw tooMany(args);
    }
  }
  if (count === 0) throw companions > 0 ? onlyCompanions(nameOf(args), companions) : empty(args);
  if (!hasMatch && pattern !== undefined) throw noMatch(others, pattern, nameOf(args), count);
  return found;
}

/** Lists give whole seconds: an object may have been written up to here. */
function endOfSecond(time: Date): number {
  return time.getTime() + 999;
}

/** Names that are kept for the sentence that says that none was wanted. */
const MOST_NAMES = 1000;

function digestOf(objects: readonly S3Object[]): string {
  const hash = createHash('sha256');
  for (const { key, etag, bytes } of objects) hash.update(JSON.stringify([key, etag, bytes]));
  return `list:${hash.digest('hex')}`;
}

function nameOf({ bucket, prefix = '' }: Args): string {
  return `s3://${bucket}/${prefix}`;
}

function empty(args: Args): SourceError {
  return new SourceError(
    'E_SOURCE_EMPTY',
    `Expected objects in ${nameOf(args)}, found none. Check "bucket" and "prefix" of the reader.`,
    { details: { bucket: args.bucket, prefix: args.prefix ?? null } },
  );
}

function changed(args: Args): SourceError {
  return new SourceError(
    'E_SOURCE_CHANGED',
    `The list of ${nameOf(args)} is another one than when the run began: objects were written or removed meanwhile. Run again when nobody writes there.`,
    { details: { bucket: args.bucket, prefix: args.prefix ?? null } },
  );
}

function tooMany(args: Args): LimitError {
  return new LimitError(
    'E_ARCHIVE_ENTRIES',
    `${nameOf(args)} has more than ${String(args.max_objects)} objects to read, the limit of max_objects. Narrow it by "prefix", "regex" or "since", or raise the limit.`,
    { details: { bucket: args.bucket, limit: args.max_objects } },
  );
}
