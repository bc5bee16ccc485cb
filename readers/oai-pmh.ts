/**
 * The records of an OAI-PMH repository that changed since the last run. What a repository says is deleted is handed on as
 * deleted; what it does not mention has not changed, so absence never means removal.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  defineReader,
  type FetchContext,
  type FetchedFile,
  type NothingNew,
  type ReadContext,
  type SourceVersion,
} from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { RecordError } from '../src/errors.ts';
import { fromBytes, type OaiEntry } from '../src/formats/oai/page.ts';
import { XmlFault } from '../src/formats/xml/fault.ts';
import { parseSince } from '../src/job/effective/since.ts';
import { RAW_LIMIT, type ReadItem } from '../src/records/entry.ts';
import { fileResource } from '../src/spool/file-resource.ts';
import { askOai } from './oai-pmh/ask-oai.ts';
import { harvest, toQuestion } from './oai-pmh/harvest.ts';
import { oaiArgs, selectionSchema, type OaiArgs } from './oai-pmh/oai-args.ts';
import { readPages } from './oai-pmh/read-pages.ts';

export const oaiPmh = defineReader<OaiArgs>({
  type: 'oai-pmh',
  version: 1,
  summary: 'The records of an OAI-PMH repository that changed since the last run',
  description: `Gives \`{"record": "<record …>", "header": {"identifier", "datestamp", "set_spec", "status"}}\`: the XML of the record as the
repository sent it, and its header. Records that the repository calls deleted are withdrawn; a job has to make the same id of them, so
the id comes from \`/header/identifier\`. A harvest that breaks off goes on behind its last page. \`--input\` takes an answer of
\`ListRecords\` or \`GetRecord\`.`,
  args: oaiArgs,
  examples: [
    { title: 'A set', args: { base_url: 'https://zenodo.org/oai2d', set: 'user-example' } },
    {
      title: 'A format of the repository, one record at a time',
      args: { base_url: 'https://example.org/oai', metadata_prefix: 'marc21', verb: 'ListIdentifiers' },
    },
  ],
  coverage: 'incremental',
  accepts: 'nothing',
  emits: 'records',
  locate,
  fetch,
  read,
});

async function locate(args: OaiArgs, context: FetchContext): Promise<SourceVersion | NothingNew> {
  const { facts } = await askOai(args, { verb: 'Identify' }, context);
  const isToTheSecond = /ss/i.test(facts.get('granularity') ?? '');
  const responded = facts.get('responseDate')?.trim() ?? '';
  const start = startOf(args, responded, context);
  const earliest = Date.parse(facts.get('earliestDatestamp') ?? '');
  // A server may refuse a time before its first record.
  const from = start === undefined || start.getTime() <= earliest ? undefined : toStamp(start, isToTheSecond);
  const until = args.until_date === undefined ? undefined : toStamp(timeOf(args.until_date), isToTheSecond);
  const name = `${facts.get('repositoryName')?.trim() ?? new URL(args.base_url).host}${args.set === undefined ? '' : `, set ${args.set}`}`;
  if (from !== undefined && until !== undefined && from > until) {
    return { nothingNew: `Everything until ${until} was read before: this run would begin at ${from}.` };
  }
  warnOfDeletions(facts.get('deletedRecord')?.trim() ?? 'no', name, context);
  const selection = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  if (from !== undefined && (await isEmpty(args, selection, context))) {
    return { nothingNew: `${name} says that nothing changed since ${from}.` };
  }
  return { name, version: responded, locator: { ...selection, harvest: randomUUID() } };
}

async function isEmpty(args: OaiArgs, selection: object, context: FetchContext): Promise<boolean> {
  const page = await askOai(args, { verb: 'ListIdentifiers', ...toQuestion(args, selection) }, context);
  return page.errors.some(({ code }) => code === 'noRecordsMatch');
}

/** By the clock of the server where that is behind ours: what changed between would be left out. */
function startOf(args: OaiArgs, responded: string, { since }: FetchContext): Date | undefined {
  if (args.from_date !== undefined) return timeOf(args.from_date);
  if (since?.origin !== 'watermark') return since?.time;
  const behind = Date.now() - Date.parse(responded);
  return new Date(since.time.getTime() - (behind > 0 ? behind : 0));
}

function timeOf(written: string): Date {
  const parsed = parseSince(written, new Date());
  return parsed === 'none' ? new Date(0) : parsed.time;
}

function toStamp(time: Date, isToTheSecond: boolean): string {
  return isToTheSecond ? `${time.toISOString().slice(0, 19)}Z` : time.toISOString().slice(0, 10);
}

function warnOfDeletions(policy: string, name: string, context: FetchContext): void {
  if (policy === 'persistent') return;
  const what =
    policy === 'transient'
      ? 'forgets after a while which records were deleted'
      : 'does not tell which records were deleted';
  context.warn({ code: 'W_OAI_DELETIONS', message: `${name} ${what}: they may stay published.` });
}

/** The digest is of the records alone: what else an answer holds differs each time that it is asked for. */
async function fetch(version: SourceVersion, args: OaiArgs, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { path, bytes, digest } = await harvest(args, selectionSchema.parse(version.locator), context);
  const resource = fileResource({ name: version.name, path, bytes, digest });
  const hash = createHash('sha256');
  for await (const entries of readPages(resource, args.max_page_bytes, context)) {
    for (const { xml } of entries) hash.update(`${xml}\n`, 'latin1');
  }
  return [{ name: version.name, path, bytes, digest: `sha256:${hash.digest('hex')}` }];
}

/** A page may be of any size. */
const BATCH = 500;

async function* read(input: Resource, args: OaiArgs, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  let first = 0;
  for await (const entries of readPages(input, args.max_page_bytes, context)) {
    for (let at = Math.max(0, context.from - first); at < entries.length; at += BATCH) {
      context.signal.throwIfAborted();
      yield entries.slice(at, at + BATCH).map((entry, i) => toItem(entry, first + at + i));
    }
    first += entries.length;
  }
}

function toItem({ header, xml, fault }: OaiEntry, position: number): ReadItem {
  try {
    if (fault !== undefined) throw fault;
    const value = { record: fromBytes(xml), header };
    return header.status === 'deleted' ? { position, value, isDeleted: true } : { position, value };
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    const message = `Record ${String(position)}${header.identifier === '' ? '' : `, ${header.identifier},`} cannot be read: ${error.message}.`;
    const raw = Buffer.from(xml.slice(0, 2 * RAW_LIMIT), 'latin1')
      .toString('utf8')
      .slice(0, RAW_LIMIT);
    return { position, error: new RecordError(error.code, message, { cause: error }), raw };
  }
}
