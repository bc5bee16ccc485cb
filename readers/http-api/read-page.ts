/** Reads an answer of an API: its items, what it reports about the list, and what follows it. */
import { hash } from 'node:crypto';
import type { HttpAnswer } from '../../src/component/services.ts';
import { ConfigError, SourceError } from '../../src/errors.ts';
import { readJsonItems } from '../../src/formats/json/items.ts';
import { parseRecord } from '../../src/formats/json/record.ts';
import { incomplete } from '../../src/http/answer-errors.ts';
import { toReason } from '../../src/http/answer-reason.ts';
import { refuseUnwanted, SNIFF_BYTES } from '../../src/http/refuse-unwanted.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import { parsePointer, toPointer } from '../../src/job/pointer.ts';
import { isFailure, type ReadItem } from '../../src/records/entry.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { findAt } from '../arguments/pointer-arg.ts';
import type { ApiArgs } from './api-args.ts';
import type { PageHeader } from './page-file.ts';
import { nextOf, nextRequest, type PageRequest } from './page-request.ts';

export interface Page {
  readonly header: PageHeader;
  /** The bytes of the answer. */
  readonly body: Buffer;
}

/** Services that filter afterwards give empty pages, but not so many in a row. */
const MOST_EMPTY = 20;

/**
 * `before` is the page before; undefined for the first. Throws SourceError if the answer is not a page, and ConfigError
 * E_API_ANSWER if it does not have the shape that the args describe.
 */
export async function readPage(
  args: ApiArgs,
  request: PageRequest,
  answer: HttpAnswer,
  before: PageHeader | undefined,
  place: string,
): Promise<Page> {
  const body = Buffer.from(answer.body, 'latin1');
  const { digests, ids, document } = answer.status === 204 ? NOTHING : await readBody(body, answer, args, place);
  const first = before === undefined ? 0 : before.first + before.count;
  const count = digests.length;
  const hasTotal = args.total !== undefined && answer.status !== 204;
  const total = hasTotal ? totalAt(document, args.total ?? '', place, before) : before?.total;
  const empty = count > 0 ? 0 : (before?.empty ?? 0) + 1;
  const exact = args.total_is === 'exact' ? total : undefined;
  const facts = { answer, document, count, read: first + count, total: exact };
  const next = answer.status === 204 ? undefined : nextRequest(args, request, facts);
  if (args.paging.type === 'none' && nextOf(answer) !== undefined) {
    const advice = 'Set "paging": {"type": "link_header"}.';
    throw incomplete(place, 'its Link header names a next page (rel="next")', {}, advice);
  }
  if (next !== undefined && empty >= MOST_EMPTY) {
    throw incomplete(place, `it is the ${String(empty)}th empty page in a row, and names a next one`, { pages: empty });
  }
  const header: PageHeader = {
    first,
    count,
    ...(total === undefined ? {} : { total }),
    digest: digests.reduce((chain, digest) => hash('sha256', chain + digest), before?.digest ?? ''),
    ids: Buffer.from(ids.join(''), 'latin1').toString('base64'),
    empty,
    next: next ?? null,
    hop: { url: new URL(answer.url).origin, network: answer.network },
  };
  return { header, body };
}

interface Found {
  /** The digest of the bytes of each item, in hex. */
  readonly digests: readonly string[];
  /** Eight bytes of a digest for each item with an id, in latin1. */
  readonly ids: readonly string[];
  /** The document without the items of its list. */
  readonly document: unknown;
}

const NOTHING: Found = { digests: [], ids: [], document: undefined };

/** Returns the items and the document around them. Throws SourceError if the answer is not a page. */
async function readBody(body: Buffer, answer: HttpAnswer, args: ApiArgs, place: string): Promise<Found> {
  const digests: string[] = [];
  const ids: string[] = [];
  const toId = args.id === undefined ? undefined : parsePointer(args.id);
  let span: { readonly start: number; readonly end: number } | undefined;
  // Some services send JSON as text/html.
  if (!/^\s*[[{]/.test(body.toString('latin1', 0, SNIFF_BYTES))) {
    const start = body.subarray(0, SNIFF_BYTES);
    refuseUnwanted({ url: answer.url, status: 200, contentType: answer.headers['content-type'], start }, undefined);
  }
  try {
    const batches = readJsonItems(only(body), {
      name: place,
      from: 0,
      maxRecordBytes: args.max_record_bytes,
      maxDepth: args.max_depth,
      items: parsePointer(args.items),
      recognise: (slice) => ({ digest: hash('sha256', slice), isKnown: false }),
      onOddity: () => undefined,
      onList: (found) => {
        span = found;
      },
    });
    for await (const batch of batches) {
      for (const item of batch) {
        digests.push(digestOf(item));
        ids.push(idOf(item, toId));
      }
    }
  } catch (error) {
    if (!(error instanceof SourceError) || error.code !== 'E_JSON_ITEMS') throw error;
    const document = parseDocument([body], args);
    refuseErrors(document, place);
    if (args.missing_items === 'empty') return { ...NOTHING, document };
    throw error;
  }
  const { start, end } = span ?? { start: 0, end: 0 };
  const document = parseDocument([body.subarray(0, start), Buffer.from('[]'), body.subarray(end)], args);
  refuseErrors(document, place);
  return { digests, ids, document };
}

/** Of a broken item, of what is said of it. */
function digestOf(item: ReadItem): string {
  return isFailure(item) ? hash('sha256', `${item.error.code} ${item.raw ?? ''}`) : (item.digest ?? '');
}

/** Empty where the item has no id. */
function idOf(item: ReadItem, toId: readonly string[] | undefined): string {
  if (toId === undefined) return Buffer.from(digestOf(item).slice(0, 16), 'hex').toString('latin1');
  const id = isFailure(item) ? undefined : findAt(item.value, toId);
  return id === undefined || id === null ? '' : hash('sha256', JSON.stringify(id), 'binary').slice(0, 8);
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous, even if its content is already there
async function* only(bytes: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield bytes;
}

/** The rest of the document is known to be well-formed, but it may be too deep or too large to use. */
function parseDocument(parts: readonly Buffer[], args: ApiArgs): unknown {
  const text = Buffer.concat(parts);
  const parsed = parseRecord(text[0] === 0xef ? text.subarray(3) : text, args.max_depth);
  return 'value' in parsed ? parsed.value : undefined;
}

const ERRORS = ['error', 'errors', 'fault'];
const SAYS_PART = /^(is_?)?(truncated|incomplete|partial|timed_?out)(_?results?)?$/i;

/** Some services answer every request with 200. */
function refuseErrors(document: unknown, place: string): void {
  if (!isJsonObject(document)) return;
  const part = Object.entries(document).find(([key, value]) => value === true && SAYS_PART.test(key));
  if (part !== undefined) throw incomplete(place, `"${part[0]}" is true in its answer`);
  const fault = ERRORS.map((key) => document[key]).find(isSomething);
  if (fault === undefined) return;
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${place} answered 200 with an error: "${toReason(JSON.stringify(fault))}". Correct the parameters of the request, or ask the service.`,
    { details: { status: 200 } },
  );
}

/** Services that answer `"errors": []`, `"error": {"code": 0}` or similar mean that there is no error. */
function isSomething(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(isSomething);
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}

/** A last page may leave the number out. */
function totalAt(
  document: unknown,
  pointer: string,
  place: string,
  before: PageHeader | undefined,
): number | undefined {
  const value = findAt(document, parsePointer(pointer));
  const total = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (isCount(total)) return total;
  if ((value === undefined || value === null) && before !== undefined) return before.total;
  const found = value === undefined ? 'nothing' : describeFound(value);
  const inside = isJsonObject(value) ? Object.keys(value).find((key) => isCount(value[key])) : undefined;
  const hint = inside === undefined ? '' : ` The number may be at ${toPointer([...parsePointer(pointer), inside])}.`;
  throw new ConfigError(
    'E_API_ANSWER',
    `${place}: expected the number of all items at ${pointer}, found ${found}.${hint} Correct "total", or leave it out where the service reports none.`,
    { details: { pointer } },
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
