/** One question to an OAI-PMH server, and what its answer means. */
import type { FetchContext } from '../../src/component/reader.ts';
import type { HttpAnswer } from '../../src/component/services.ts';
import { ConfigError, SourceError } from '../../src/errors.ts';
import { parseOaiPage, type OaiError, type OaiPage } from '../../src/formats/oai/page.ts';
import { blankBefore, toUtf8 } from '../../src/formats/xml/encoding.ts';
import { XmlFault } from '../../src/formats/xml/fault.ts';
import { errorOfStatus } from '../../src/http/answer-errors.ts';
import { toReason } from '../../src/http/answer-reason.ts';
import { getPatiently } from '../../src/http/get-patiently.ts';
import { redactUrl } from '../../src/http/url-policy.ts';
import type { OaiArgs } from './oai-args.ts';

export type OaiQuestion = Readonly<Record<string, string | undefined>>;

/** Servers send their OAI errors with one of these, InvenioRDM with 422. */
const STATUSES_WITH_ANSWER = [400, 404, 409, 410, 422];

/** `place` is for messages. `noRecordsMatch`, `badResumptionToken` and `idDoesNotExist` are handed to the caller; what else is wrong is thrown. */
export async function askOai(
  args: OaiArgs,
  question: OaiQuestion,
  context: FetchContext,
  place = question['verb'] ?? '',
): Promise<OaiPage> {
  const url = toUrl(args.base_url, question);
  const answer = await getPatiently(context, url, {
    headers: { accept: 'text/xml, application/xml' },
    encoding: 'latin1',
    maxBytes: args.max_page_bytes,
    statuses: STATUSES_WITH_ANSWER,
  });
  const page = await parseAnswer(answer, place, context);
  const refusal = page.errors.find(({ code }) => !isForCaller(code, question));
  if (refusal !== undefined) throw refused(refusal, url, question);
  return page;
}

/** Whether the server refuses the form of a date. */
export function isBadDate(error: unknown): boolean {
  return error instanceof ConfigError && error.code === 'E_OAI_REFUSED' && error.details['code'] === 'badArgument';
}

/** The token of a list is refused only where one was sent. */
function isForCaller(code: string, question: OaiQuestion): boolean {
  if (code === 'badResumptionToken') return question['resumptionToken'] !== undefined;
  return code === 'noRecordsMatch' || code === 'idDoesNotExist' || code === 'cannotDisseminateFormat'
    ? code === 'noRecordsMatch' || question['identifier'] !== undefined
    : false;
}

function toUrl(base: string, question: OaiQuestion): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(question)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

async function parseAnswer(answer: HttpAnswer, place: string, { warn }: Pick<FetchContext, 'warn'>): Promise<OaiPage> {
  const where = `${redactUrl(answer.url)} (${place})`;
  const onBlank = (): void => {
    warn(blankBefore(where));
  };
  try {
    const page = parseOaiPage(await utf8BytesOf(answer.body, onBlank));
    if (page !== undefined) return page;
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    const isXml = error.code !== 'E_XML_NOT_XML' && !/^\s*<(!doctype html|html)/i.test(answer.body.slice(0, 200));
    if (isXml && answer.status === 200) throw brokenAnswer(where, error);
  }
  if (answer.status !== 200) {
    throw errorOfStatus(answer, toReason(Buffer.from(answer.body, 'latin1').toString('utf8')));
  }
  throw new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${where} answered with ${answer.headers['content-type'] ?? 'no content type'} that is no OAI-PMH answer. Open the address in a browser: it may be a login or an error page, or the address of something else.`,
    { details: { url: where } },
  );
}

/** One character for each byte, in UTF-8 whatever it was written in. */
export async function utf8BytesOf(body: string, onBlank?: () => void): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of toUtf8(only(Buffer.from(body, 'latin1')), onBlank)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous by contract
async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function brokenAnswer(where: string, fault: XmlFault): SourceError {
  return new SourceError(
    'E_OAI_ANSWER',
    `${where} answered with XML that cannot be read: ${fault.message}. Report it to the repository.`,
    { cause: fault, details: { url: where } },
  );
}

function refused({ code, message }: OaiError, url: string, question: OaiQuestion): ConfigError {
  const asked = Object.entries(question).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value.slice(0, 100)}`],
  );
  return new ConfigError(
    'E_OAI_REFUSED',
    `${redactUrl(url)} refuses ${asked.join(', ')}: ${code}${message.trim() === '' ? '' : ` (${message.trim().slice(0, 200)})`}. Correct metadata_prefix, set or the dates.`,
    { details: { url: redactUrl(url), code } },
  );
}
