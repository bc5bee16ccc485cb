/** The records of an HTTP API that returns pages of JSON. */
import { hash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
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
import { readJsonItems } from '../src/formats/json/items.ts';
import { incomplete } from '../src/http/answer-errors.ts';
import { redactUrl } from '../src/http/url-policy.ts';
import { parsePointer } from '../src/job/pointer.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { fileResource } from '../src/spool/file-resource.ts';
import { readSplit } from './arguments/split.ts';
import { apiArgs, type ApiArgs } from './http-api/api-args.ts';
import { fetchList, isListEmpty } from './http-api/fetch-list.ts';
import { readPages, type KeptPage } from './http-api/page-file.ts';
import { surveyPages, type Survey } from './http-api/survey.ts';

const locatorSchema = z.object({ attempt: z.string(), since: z.string().optional() });

export const httpApi = defineReader<ApiArgs>({
  type: 'http-api',
  version: 1,
  summary: 'The records of an HTTP API that returns pages of JSON',
  description: `Requests one page after the other, by a next link, a page number, an offset or a cursor, and keeps each page as the server sent it. After a
crash, the reader resumes after the last stored page. The total that the API reports is compared with the items that arrived, and a list that
changes while it is read is noticed. A credential is only sent to the host of \`origin\`, even if a next link leads elsewhere. An API has no
versions, so every run reads it. A run with the same records as the last one ends as unchanged. \`--input\` accepts a saved answer.`,
  args: apiArgs,
  examples: [
    {
      title: 'A cursor: OpenAlex',
      args: {
        origin: 'https://api.openalex.org/institutions',
        query: { filter: 'country_code:CH', mailto: 'ops@example.org' },
        items: '/results',
        id: '/id',
        total: '/meta/count',
        paging: { type: 'cursor', parameter: 'cursor', first: '*', next: '/meta/next_cursor' },
        page_size: { parameter: 'per-page', size: 200 },
      },
    },
    {
      title: 'A next link: InvenioRDM',
      args: {
        origin: 'https://repository.example.org/api/affiliations',
        items: '/hits/hits',
        id: '/id',
        total: '/hits/total',
        paging: { type: 'next_link', next: '/links/next' },
        page_size: { parameter: 'size', size: 100 },
      },
    },
  ],
  coverage: 'full',
  covers: ({ since }) => (since === undefined ? 'full' : 'incremental'),
  accepts: 'nothing',
  emits: 'records',
  locate,
  fetch,
  read,
});

async function locate(args: ApiArgs, context: FetchContext): Promise<SourceVersion | NothingNew> {
  const { host, pathname } = new URL(args.origin);
  const since = sinceOf(args, context);
  const locator = { attempt: randomUUID(), ...(since === undefined ? {} : { since }) };
  const name = `${pathname.split('/').findLast((step) => step !== '') ?? 'list'} of ${host}`;
  if (since !== undefined && (await isListEmpty(args, { ...locator, since, number: 0 }, context))) {
    return { nothingNew: `${name} says that nothing changed since ${since}.` };
  }
  return { name, version: new Date().toISOString(), locator };
}

/** The value to send. Undefined to request everything. */
function sinceOf({ since }: ApiArgs, context: FetchContext): string | undefined {
  if (since === undefined || context.since === undefined) return undefined;
  const overlap = context.since.origin === 'watermark' ? since.overlap_hours * 3_600_000 : 0;
  const time = new Date(Math.max(0, context.since.time.getTime() - overlap));
  switch (since.format) {
    case 'date':
      return time.toISOString().slice(0, 10);
    case 'time':
      return `${time.toISOString().slice(0, 19)}Z`;
    case 'unix_seconds':
      return String(Math.floor(time.getTime() / 1000));
    case 'unix_milliseconds':
      return String(time.getTime());
  }
}

/** How many times a list is read if it changes in the meantime. */
const MOST_READINGS = 3;

/** The digest is of the items alone: how they were cut into pages and what else an answer says makes no difference. */
async function fetch(version: SourceVersion, args: ApiArgs, context: FetchContext): Promise<readonly FetchedFile[]> {
  const { attempt, since } = locatorSchema.parse(version.locator);
  let before: Survey | undefined;
  for (let number = 0; ; number++) {
    const { path, bytes, digest } = await fetchList(args, { attempt, since, number }, context);
    const survey = await surveyPages(fileResource({ name: version.name, path, bytes, digest }), args, context);
    warnOfIds(survey, args, context);
    if (survey.fault === undefined || isSettled(survey, before, args, context) || args.on_shift === 'accept') {
      if (survey.fault !== undefined && args.on_shift === 'accept') warnOfShift(survey.fault, args, context);
      const part = args.on_shift === 'accept' ? (survey.fault ?? '') : '';
      return [{ name: version.name, path, bytes, digest: `sha256:${hash('sha256', `${survey.digest} ${part}`)}` }];
    }
    if (args.on_shift === 'fail' || number + 1 === MOST_READINGS) throw changed(survey, args, number + 1);
    context.services.logger.warn('The list changed while it was read, and is read again', {
      url: redactUrl(args.origin),
      error: survey.fault,
    });
    before = survey;
  }
}

/** Two equal readings show that the list does not change. An item that is in it twice is in the service twice. */
function isSettled(survey: Survey, before: Survey | undefined, args: ApiArgs, context: FetchContext): boolean {
  if (before?.digest !== survey.digest || before.total !== survey.total) return false;
  if (args.total_is === 'exact' && survey.total !== undefined && survey.total !== survey.count) return false;
  context.warn({
    code: 'W_API_TWICE',
    message: `${redactUrl(args.origin)} gives ${String(survey.twice)} of ${String(survey.count)} items twice, in two equal readings. Among equal ids, the last one counts.`,
  });
  return true;
}

function warnOfIds({ identified, count }: Survey, { id, origin }: ApiArgs, context: FetchContext): void {
  if (id === undefined || identified > 0 || count === 0) return;
  const message = `${redactUrl(origin)}: no item has a value at ${id}, so repeated ids cannot show that the list changed while it was read. Correct "id".`;
  context.warn({ code: 'W_API_NO_ID', message });
}

function warnOfShift(fault: string, { origin }: ApiArgs, context: FetchContext): void {
  const message = `${redactUrl(origin)} changed while it was read, or is not whole: ${fault}. Nothing is withdrawn.`;
  context.warn({ code: 'W_API_SHIFTED', message });
}

function changed({ fault = '', count, total }: Survey, { origin }: ApiArgs, readings: number) {
  const again = readings > 1 ? ` in each of ${String(readings)} readings` : '';
  return incomplete(
    redactUrl(origin),
    `${fault}${again}`,
    { count, ...(total === undefined ? {} : { total }) },
    'Sort the list by something that does not change, or run when nobody changes it. "on_shift": "accept" publishes such a list and withdraws nothing; "total_is": "estimate" ignores its total.',
  );
}

async function* read(input: Resource, args: ApiArgs, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  const { fault, count } = args.on_shift === 'accept' ? await surveyPages(input, args, context) : NO_FAULT;
  // Only a complete read knows the number of parts.
  const reading = fault === undefined || args.split === undefined ? context : { ...context, from: 0 };
  let end = args.split === undefined ? count : 0;
  for await (const batch of readSplit(args.split, reading, (inner) => readItems(input, args, inner))) {
    end = Math.max(end, (batch.at(-1)?.position ?? 0) + 1);
    yield batch;
  }
  // Counted as a record that could not be read, so nothing is withdrawn.
  if (fault !== undefined && end >= context.from) yield [shifted(fault, end, args)];
}

const NO_FAULT = { fault: undefined, count: 0 };

async function* readItems(input: Resource, args: ApiArgs, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  let first = 0;
  for await (const page of readPages(input, context)) {
    const { header } = page;
    first = header?.first ?? first;
    if (header !== undefined && (header.count === 0 || first + header.count <= context.from)) continue;
    for await (const batch of itemsOf(page, args, { ...context, from: Math.max(0, context.from - first) })) {
      context.signal.throwIfAborted();
      yield batch.map((item) => ({ ...item, position: first + item.position }));
    }
  }
}

function itemsOf({ name, body }: KeptPage, args: ApiArgs, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readJsonItems(abortable(body, context.signal), {
    name,
    from: context.from,
    maxRecordBytes: args.max_record_bytes,
    maxDepth: args.max_depth,
    items: parsePointer(args.items),
    ...(context.recognise === undefined ? {} : { recognise: context.recognise }),
    onOddity: (message) => {
      context.warn({ code: 'W_JSON_SEPARATOR', message });
    },
  });
}

function shifted(fault: string, position: number, { origin }: ApiArgs): ReadItem {
  const message = `Records may be missing: ${redactUrl(origin)} changed while it was read, or is not whole (${fault}). The next run reads everything again.`;
  return { position, error: new RecordError('E_RECORD_UNAVAILABLE', message, { details: { fault } }) };
}
