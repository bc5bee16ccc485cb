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
import { RecordError, LimitError, SourceError } from '../src/errors.ts';
import { fromBytes, parseOaiPage, type OaiEntry, type OaiPage } from '../src/formats/oai/page.ts';
import { XmlFault } from '../src/formats/xml/fault.ts';
import { blankBefore } from '../src/formats/xml/encoding.ts';
import { incomplete } from '../src/http/answer-errors.ts';
import { redactUrl } from '../src/http/url-policy.ts';
import { parseSince } from '../src/job/effective/since.ts';
import { RAW_LIMIT, type ReadItem } from '../src/records/entry.ts';
import { fileResource } from '../src/spool/file-resource.ts';
import { readBundle } from '../src/formats/tar/read-bundle.ts';
import { askOai, isBadDate, utf8BytesOf } from './oai-pmh/ask-oai.ts';
import { harvest, toQuestion } from './oai-pmh/harvest.ts';
import { oaiArgs, selectionSchema, type OaiArgs, type Selection } from './oai-pmh/oai-args.ts';

export const oaiPmh = defineReader<OaiArgs>({
  type: 'oai-pmh',
  version: 1,
  summary: 'The records of an OAI-PMH repository that changed since the last run',
  description: `Yields \`{"record": "<record …>", "header": {"identifier", "datestamp", "set_spec", "status"}}\`: the XML of the record as the
repository sent it, and its header. Records that the repository reports as deleted are withdrawn. The job must map them to the same id, so
map the id from \`/header/identifier\`. An interrupted harvest resumes after its last page. \`--input\` takes an answer of
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
  const isToTheSecond = args.granularity === undefined && /ss/i.test(facts.get('granularity') ?? '');
  const responded = facts.get('responseDate')?.trim() ?? '';
  const start = startOf(args, responded, context);
  const earliest = Date.parse(facts.get('earliestDatestamp') ?? '');
  // A server may refuse a time before its first record.
  const from = start === undefined || start.getTime() <= earliest ? undefined : start;
  const until = args.until_date === undefined ? undefined : timeOf(args.until_date);
  const name = `${facts.get('repositoryName')?.trim() ?? new URL(args.base_url).host}${args.set === undefined ? '' : `, set ${args.set}`}`;
  const stamp = (time: Date): string => toStamp(time, isToTheSecond);
  if (from !== undefined && until !== undefined && stamp(from) > stamp(until)) {
    return { nothingNew: `Everything until ${stamp(until)} was read before: this run would begin at ${stamp(from)}.` };
  }
  warnOfDeletions(facts.get('deletedRecord')?.trim() ?? 'no', name, context);
  const { selection, isEmpty } = await choose(args, { from, until, isToTheSecond }, context);
  if (selection.from !== undefined && isEmpty) {
    return { nothingNew: `${name} says that nothing changed since ${selection.from}.` };
  }
  return { name, version: responded, locator: { ...selection, harvest: randomUUID() } };
}

interface Times {
  readonly from: Date | undefined;
  readonly until: Date | undefined;
  readonly isToTheSecond: boolean;
}

type Choice = Pick<Selection, 'from' | 'until'>;

/** Asks which records there are, in days where the server refuses the seconds that it declares. */
async function choose(
  args: OaiArgs,
  times: Times,
  context: FetchContext,
): Promise<{ readonly selection: Choice; readonly isEmpty: boolean }> {
  const { from, until, isToTheSecond } = times;
  const selection = {
    ...(from === undefined ? {} : { from: toStamp(from, isToTheSecond) }),
    ...(until === undefined ? {} : { until: toStamp(until, isToTheSecond) }),
  };
  if (from === undefined && until === undefined) return { selection, isEmpty: false };
  try {
    return { selection, isEmpty: await hasNone(args, selection, context) };
  } catch (error) {
    if (!isToTheSecond || !isBadDate(error)) throw error;
    const chosen = await choose(args, { ...times, isToTheSecond: false }, context);
    context.warn({
      code: 'W_OAI_GRANULARITY',
      message: `${redactUrl(args.base_url)} declares times to the second and refuses them. It is asked in days; "granularity": "day" asks so at once.`,
    });
    return chosen;
  }
}

/** Some servers answer with an empty list instead of noRecordsMatch. */
async function hasNone(args: OaiArgs, selection: Choice, context: FetchContext): Promise<boolean> {
  const page = await askOai(args, { verb: 'ListIdentifiers', ...toQuestion(args, selection) }, context);
  const isEmptyList = page.errors.length === 0 && page.entries.length === 0 && page.token === undefined;
  return isEmptyList || page.errors.some(({ code }) => code === 'noRecordsMatch');
}

/**
 * Repositories show changes late: DSpace writes its index once a night, with the times of the changes. So a run asks for a
 * day more than it has to; what was read before is found unchanged.
 */
const LATE_MS = 24 * 60 * 60 * 1000;

/** Uses the clock of the server if it is slower than ours; otherwise changes in between would be missed. */
function startOf(args: OaiArgs, responded: string, { since }: FetchContext): Date | undefined {
  if (args.from_date !== undefined) return timeOf(args.from_date);
  if (since?.origin !== 'watermark') return since?.time;
  const behind = Date.now() - Date.parse(responded);
  return new Date(since.time.getTime() - LATE_MS - (behind > 0 ? behind : 0));
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
  let count = 0;
  let announced: number | undefined;
  for await (const { entries, listSize } of readPages(resource, args.max_page_bytes, context)) {
    for (const { xml } of entries) hash.update(`${xml}\n`, 'latin1');
    count += entries.length;
    announced = listSize ?? announced;
  }
  if (announced !== undefined && args.verb === 'ListRecords') requireAll(args, count, announced, context);
  return [{ name: version.name, path, bytes, digest: `sha256:${hash.digest('hex')}` }];
}

/** A list may grow while it is read, and the server may revise its size: the last one that it gave counts. */
function requireAll(args: OaiArgs, count: number, announced: number, context: FetchContext): void {
  if (count >= announced) return;
  const where = redactUrl(args.base_url);
  const found = `its list has ${String(count)} records, but its completeListSize is ${String(announced)}`;
  if (args.list_size === 'exact') {
    const advice = 'Run again. If the size is only an estimate of the repository, set "list_size": "estimate".';
    throw incomplete(where, found, { count, announced }, advice);
  }
  context.warn({
    code: 'W_OAI_LIST_SIZE',
    message: `${where}: ${found}. It may be an estimate, or records are missing.`,
  });
}

/** A page may be of any size. */
const BATCH = 500;

async function* read(input: Resource, args: OaiArgs, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  let first = 0;
  for await (const { entries } of readPages(input, args.max_page_bytes, context)) {
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

/** The entries of a harvest, page by page; or of a single answer that an operator saved. */
async function* readPages(
  input: Resource,
  maxBytes: number,
  context: Pick<ReadContext, 'signal' | 'warn'>,
): AsyncGenerator<OaiPage> {
  if (await isMarkup(input)) {
    yield await parsePage(input, maxBytes, context);
    return;
  }
  const { signal, warn } = context;
  for await (const { resource } of readBundle(input, { from: 0, signal, warn }))
    yield await parsePage(resource, maxBytes, context);
}

/** A tar begins with the name of its first member. */
async function isMarkup(input: Resource): Promise<boolean> {
  for await (const chunk of input.stream())
    return /^(\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)?[\0\s]*</.test(chunk.toString('latin1', 0, 64));
  return true;
}

async function parsePage(input: Resource, maxBytes: number, { warn }: Pick<ReadContext, 'warn'>): Promise<OaiPage> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input.stream()) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new LimitError(
        'E_SOURCE_TOO_LARGE',
        `${input.name} has more than max_page_bytes, ${String(maxBytes)} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return parse(Buffer.concat(chunks).toString('latin1'), input.name, () => {
    warn(blankBefore(input.name));
  });
}

async function parse(body: string, name: string, onBlank: () => void): Promise<OaiPage> {
  try {
    const page = parseOaiPage(await utf8BytesOf(body, onBlank));
    if (page !== undefined) return page;
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    if (error.code !== 'E_XML_NOT_XML') {
      throw new SourceError('E_OAI_ANSWER', `${name} is XML that cannot be read: ${error.message}.`, { cause: error });
    }
  }
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `Expected an answer of an OAI-PMH server in ${name}, found something else.`,
  );
}
