/** Makes one request of a download: requests the missing bytes, decides by the response, and appends the bytes. */
import type { DownloadRequest } from '../component/download.ts';
import { LimitError, SourceError, UnavailableError } from '../errors.ts';
import { errorOfAnswer } from './answer-reason.ts';
import { isStrongDate, strongEtag } from './ask-about-file.ts';
import { encodingsOf, openContent, type FileContent } from './content-encoding.ts';
import { parseContentRange } from './content-range.ts';
import type { HttpClient } from './http-client.ts';
import type { OpenAnswer } from './open-answer.ts';
import type { PartAbout, PartFile } from './part-file.ts';
import { refuseIncomplete } from './refuse-incomplete.ts';
import { refuseNextPage } from './refuse-next-page.ts';
import { refuseUnwanted, SNIFF_BYTES } from './refuse-unwanted.ts';
import type { SpoolRecord } from './spooled-file.ts';
import { redactUrl } from './url-policy.ts';

/** `unchanged`: the server confirms the file that the spool has. `again`: the part was of something else; it is empty now. */
export type Received = 'complete' | 'unchanged' | 'again';

export async function receive(
  client: HttpClient,
  request: DownloadRequest,
  part: PartFile,
  spooled: SpoolRecord | undefined,
): Promise<Received> {
  const { accept = request.accept?.join(', ') ?? '*/*', ...privateHeaders } = request.headers ?? {};
  const conditions = conditionsOf(part, spooled);
  const answer = await client.open({
    url: request.url,
    from: request.from,
    method: 'GET',
    headers: { accept, 'accept-encoding': 'identity', ...conditions },
    privateHeaders,
    decompress: false,
    signal: request.signal,
  });
  try {
    return await take(answer, request, part, spooled, 'range' in conditions);
  } finally {
    answer.close();
  }
}

/** If-Range needs a strong validator (RFC 9110, 13.1.5); without one there is no telling whether the rest fits. */
function conditionsOf(part: PartFile, spooled: SpoolRecord | undefined): Record<string, string> {
  if (part.bytes > 0) {
    if (part.about.encoding !== undefined) return {};
    const validator = strongEtag(part.about.etag) ?? part.about.lastModified;
    return validator === undefined ? {} : { range: `bytes=${String(part.bytes)}-`, 'if-range': validator };
  }
  if (spooled?.etag !== undefined) return { 'if-none-match': spooled.etag };
  if (spooled?.lastModified !== undefined) return { 'if-modified-since': spooled.lastModified };
  return {};
}

async function take(
  answer: OpenAnswer,
  request: DownloadRequest,
  part: PartFile,
  spooled: SpoolRecord | undefined,
  isAsked: boolean,
): Promise<Received> {
  // Also with 304: a list can grow by a page while its first page stays the same.
  if (request.pages !== undefined && answer.status < 400) refuseNextPage(answer, request.pages);
  if (answer.status === 304 && spooled !== undefined) return 'unchanged';
  if (answer.status === 416 && part.bytes > 0) {
    if (isWhole(answer, part)) return 'complete';
    await part.restart({});
    return 'again';
  }
  let content: FileContent = { body: answer.body, encoding: undefined, encodedBytes: () => 0 };
  if (answer.status === 206 && isAsked) {
    if (!isContinuation(answer, part)) {
      await part.restart({});
      return 'again';
    }
    refuseIncomplete(answer);
  } else if (answer.status === 200 || isWholeFile(answer)) {
    refuseIncomplete(answer);
    content = await openContent(answer);
    await part.restart(aboutOf(answer, content.encoding));
  } else {
    throw await errorOfAnswer(answer);
  }
  refuseSize(part.about.total, request);
  if (await appendAll({ ...answer, body: content.body }, request, part)) {
    refuseEncodedSize(content, part, request);
    return 'complete';
  }
  await part.restart({});
  return 'again';
}

/** There are no more bytes, as the server declared before. */
function isWhole(answer: OpenAnswer, part: PartFile): boolean {
  const found = parseContentRange(answer.headers['content-range'])?.total;
  return found === part.bytes && (part.about.total ?? found) === found;
}

function isContinuation(answer: OpenAnswer, part: PartFile): boolean {
  const range = parseContentRange(answer.headers['content-range']);
  const { etag, total } = part.about;
  const { etag: found, 'content-encoding': encoding } = answer.headers;
  if (part.bytes === 0 || range?.start !== part.bytes || isEncoded(encoding, answer.url)) return false;
  if (total !== undefined && range.total !== undefined && range.total !== total) return false;
  return etag === undefined || found === undefined || found === etag;
}

/**
 * A `.gz` file whose download began without decoding continues without decoding, whatever encoding the server declares.
 */
function isEncoded(encoding: string | undefined, url: string): boolean {
  const encodings = encodingsOf(encoding);
  const isOfGz = encodings.length === 1 && encodings[0] === 'gzip' && /\.t?gz$/i.test(new URL(url).pathname);
  return encodings.length > 0 && !isOfGz;
}

/** Some servers answer 206 to a request without Range, with all there is. Anything less is refused by its status. */
function isWholeFile(answer: OpenAnswer): boolean {
  const { 'content-range': header, 'content-length': length } = answer.headers;
  const range = parseContentRange(header);
  return answer.status === 206 && range?.start === 0 && range.total !== undefined && length === String(range.total);
}

/** False where more comes than the file has: the part is of something else, or its end is. */
async function appendAll(answer: OpenAnswer, request: DownloadRequest, part: PartFile): Promise<boolean> {
  const { total } = part.about;
  const progress = total === undefined ? {} : { total };
  for await (const chunk of checkedStart(answer, request, part.bytes === 0)) {
    if (request.maxBytes !== undefined && part.bytes + chunk.length > request.maxBytes) throw tooLarge(request);
    if (total !== undefined && part.bytes + chunk.length > total) return false;
    await part.append(chunk);
    request.onProgress?.({ bytes: part.bytes, ...progress });
  }
  if (total !== undefined && part.bytes < total) {
    throw new UnavailableError(
      'E_SOURCE_UNAVAILABLE',
      `${redactUrl(request.url)} ended after ${String(part.bytes)} of ${String(total)} bytes. The download resumes there.`,
    );
  }
  return true;
}

/** Keeps the first bytes back until there are enough to recognise the content. */
async function* checkedStart(answer: OpenAnswer, request: DownloadRequest, isStart: boolean): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = isStart ? Buffer.alloc(0) : undefined;
  const check = (bytes: Buffer): void => {
    const { url, status, headers } = answer;
    refuseUnwanted(
      { url, status, contentType: headers['content-type'], start: bytes.subarray(0, SNIFF_BYTES) },
      request.accept,
    );
  };
  for await (const chunk of answer.body) {
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held = Buffer.concat([held, chunk]);
    if (held.length < SNIFF_BYTES) continue;
    check(held);
    yield held;
    held = undefined;
  }
  if (held === undefined) return;
  check(held);
  yield held;
}

function aboutOf(answer: OpenAnswer, encoding: string | undefined): PartAbout {
  const { etag, 'last-modified': lastModified, 'content-length': length, date } = answer.headers;
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined || !isStrongDate(lastModified, date) ? {} : { lastModified }),
    ...(length === undefined || encoding !== undefined ? {} : { total: Number(length) }),
    ...(encoding === undefined ? {} : { encoding }),
  };
}

/** A source may have announced the size of the file, or, as S3 does, of what it stores. */
function refuseEncodedSize({ encoding, encodedBytes }: FileContent, part: PartFile, request: DownloadRequest): void {
  if (encoding !== undefined && encodedBytes() !== request.expected?.bytes) refuseSize(part.bytes, request);
}

function refuseSize(total: number | undefined, request: DownloadRequest): void {
  if (total === undefined) return;
  if (request.maxBytes !== undefined && total > request.maxBytes) throw tooLarge(request, total);
  const expected = request.expected?.bytes;
  if (expected !== undefined && total !== expected) {
    throw new SourceError(
      'E_SOURCE_DIGEST',
      `${redactUrl(request.url)} has ${String(total)} bytes; the source announced ${String(expected)}.`,
      { details: { expected, found: total } },
    );
  }
}

function tooLarge(request: DownloadRequest, total?: number): LimitError {
  const found = total === undefined ? 'more' : `${String(total)} bytes`;
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `${redactUrl(request.url)} has ${found}; at most ${String(request.maxBytes)} bytes are allowed. Raise "max_bytes" of the reader only for a source that you trust.`,
    { details: { max_bytes: request.maxBytes ?? null, found: total ?? null } },
  );
}
