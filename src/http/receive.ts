/** One request of a download: asks for what is missing, decides from the answer, appends what comes. */
import type { DownloadRequest } from '../component/services.ts';
import { LimitError, SourceError, UnavailableError } from '../errors.ts';
import { errorOfStatus } from './answer-errors.ts';
import { strongEtag } from './ask-about-file.ts';
import { parseContentRange } from './content-range.ts';
import type { HttpClient } from './http-client.ts';
import type { OpenAnswer } from './open-answer.ts';
import type { PartAbout, PartFile } from './part-file.ts';
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
  const answer = await client.open({
    url: request.url,
    method: 'GET',
    headers: { accept, 'accept-encoding': 'identity', ...conditionsOf(part, spooled) },
    privateHeaders,
    decompress: false,
    signal: request.signal,
  });
  try {
    return await take(answer, request, part, spooled);
  } finally {
    answer.close();
  }
}

/** If-Range needs a strong validator (RFC 9110, 13.1.5); without one there is no telling whether the rest fits. */
function conditionsOf(part: PartFile, spooled: SpoolRecord | undefined): Record<string, string> {
  if (part.bytes > 0) {
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
): Promise<Received> {
  if (answer.status === 304 && spooled !== undefined) return 'unchanged';
  if (answer.status === 416 && part.bytes > 0) {
    if (isWhole(answer, part)) return 'complete';
    await part.restart({});
    return 'again';
  }
  if (answer.status === 206) {
    if (!isContinuation(answer, part)) {
      await part.restart({});
      return 'again';
    }
  } else if (answer.status === 200) {
    refuseEncoded(answer);
    await part.restart(aboutOf(answer));
  } else {
    throw errorOfStatus(answer);
  }
  refuseSize(part.about.total, request);
  if (await appendAll(answer, request, part)) return 'complete';
  await part.restart({});
  return 'again';
}

/** Nothing lies beyond what we have, and that is what the server declared before. */
function isWhole(answer: OpenAnswer, part: PartFile): boolean {
  const found = parseContentRange(answer.headers['content-range'])?.total;
  return found === part.bytes && (part.about.total ?? found) === found;
}

function isContinuation(answer: OpenAnswer, part: PartFile): boolean {
  const range = parseContentRange(answer.headers['content-range']);
  const { etag, total } = part.about;
  if (part.bytes === 0 || range?.start !== part.bytes || encodingOf(answer) !== undefined) return false;
  if (total !== undefined && range.total !== undefined && range.total !== total) return false;
  return etag === undefined || answer.headers['etag'] === undefined || answer.headers['etag'] === etag;
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
      `${redactUrl(request.url)} ended after ${String(part.bytes)} of ${String(total)} bytes. The download goes on there.`,
    );
  }
  return true;
}

/** Holds the first bytes back until there are enough of them to tell what they are. */
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

function aboutOf(answer: OpenAnswer): PartAbout {
  const { etag, 'last-modified': lastModified, 'content-length': length } = answer.headers;
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(length === undefined ? {} : { total: Number(length) }),
  };
}

function refuseEncoded(answer: OpenAnswer): void {
  const encoding = encodingOf(answer);
  if (encoding === undefined) return;
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${redactUrl(answer.url)} answered with the encoding "${encoding}" although the plain bytes were asked for. Report it to the source.`,
  );
}

/** Undefined: none. An address that names a gzip file and declares gzip as its encoding means one and the same gzip. */
function encodingOf({ headers, url }: OpenAnswer): string | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return undefined;
  return /gzip/.test(encoding) && /\.t?gz$/i.test(new URL(url).pathname) ? undefined : encoding;
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
