/**
 * Replays the answers of a service in an example, in order. The reader works as in a run: it follows links and cursors,
 * notices lists that change and renews its token. No request leaves the process.
 */
import type { ApiService, HttpAnswer, HttpService, Logger, Services } from '../../../component/services.ts';
import { clip } from '../../../clip.ts';
import { ConfigError, LimitError, messageOf, SourceError } from '../../../errors.ts';
import { errorOfStatus } from '../../../http/answer-errors.ts';
import { toReason } from '../../../http/answer-reason.ts';
import { retrying } from '../../../http/retrying.ts';
import { readSmallFile } from '../../../read-small-file.ts';
import type { Difference } from './compare-example.ts';
import type { ExampleAnswer } from './read-examples.ts';

export interface Replay {
  readonly services: Pick<Services, 'http' | 'api' | 's3' | 'logger'>;
  /** The first difference between the requests of the job and the answers of the example. */
  differences(): readonly Difference[];
  /** Whether this error ended the reading because the example has no further answer. */
  isOver(error: unknown): boolean;
}

/** `example` names the example in errors: `"TITLE" of FILE`. */
export function replayAnswers(answers: readonly ExampleAnswer[], example: string): Replay {
  const asked: string[] = [];
  const differences: Difference[] = [];
  let over: SourceError | undefined;
  /** Why the reader requested something again, the first time. It logs this, because an example may test a list that changes. */
  let logged: string | undefined;

  async function answer(url: string, options: GetOptions): Promise<HttpAnswer> {
    if (options.form?.['grant_type'] !== undefined) return { ...OK, url, body: TOKEN };
    asked.push(url);
    const given = answers[asked.length - 1];
    if (given === undefined) throw (over ??= noAnswer(url, answers.length));
    const { status, headers, address } = given;
    if (address !== undefined && !isAddress(url, address)) {
      const what = `the address of request ${String(asked.length)}`;
      differences.push({ kind: 'request', what, expected: address, found: url });
    }
    const bytes = await bytesOf(given, example);
    const lowerCased = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const whole = { url, status, network: 'public' as const, headers: { ...OK.headers, ...lowerCased } };
    if (status !== 200 && options.statuses?.includes(status) !== true) {
      const reason = toReason(bytes.toString('utf8'));
      throw options.refusal?.(status, reason) ?? errorOfStatus(whole, reason);
    }
    if (bytes.length > (options.maxBytes ?? Infinity)) {
      const message = `Answer ${String(asked.length)} of the example ${example} has ${String(bytes.length)} bytes; the job accepts ${String(options.maxBytes)}.`;
      throw new LimitError('E_SOURCE_TOO_LARGE', message);
    }
    return { ...whole, body: bytes.toString(options.encoding ?? 'utf8') };
  }

  const http: HttpService = {
    get: (url, options) => retrying(AT_ONCE, options.signal, () => answer(url, options)),
    download: ({ url }) => Promise.reject(notReplayed(url, example)),
  };
  const api: ApiService = { ask: ({ url }) => Promise.reject(notReplayed(url, example)) };
  const log: Logger['info'] = (message, fields) => {
    const said = fields?.['error'];
    logged ??= typeof said === 'string' ? said : `${message}.`;
  };
  const logger: Logger = { debug: () => undefined, info: log, warn: log, error: log };
  const s3 = new Proxy({} as Services['s3'], {
    get: () => () => {
      throw notReplayed('a bucket', example);
    },
  });
  return {
    services: { http, api, s3, logger },
    differences: () => [...differences, ...countDifferences(asked, answers.length, logged)],
    isOver: (error) => over !== undefined && (error === over || (error instanceof Error && error.cause === over)),
  };
}

type GetOptions = Parameters<HttpService['get']>[1];

/** Retries transient errors like a run, but without a pause. */
const AT_ONCE = { retries: 3, pause: 0 };
const OK = { status: 200, network: 'public', headers: { 'content-type': 'application/json' } } as const;
/** The answer to every request for an access token (OAuth 2). */
const TOKEN = JSON.stringify({ access_token: 'token-of-an-example', token_type: 'Bearer', expires_in: 3600 });

/** The expected address may leave out the scheme and the host. */
function isAddress(url: string, expected: string): boolean {
  if (url === expected) return true;
  const { origin } = new URL(url);
  return expected.startsWith('/') && url === new URL(expected, origin).href;
}

async function bytesOf({ body, text, file }: ExampleAnswer, example: string): Promise<Buffer> {
  if (file === undefined) return Buffer.from(text ?? (body === undefined ? '' : JSON.stringify(body)));
  try {
    return await readSmallFile(file, MOST_BYTES);
  } catch (cause) {
    const message = `The answer ${file} of the example ${example} cannot be read: ${messageOf(cause)}.`;
    throw new ConfigError('E_EXAMPLE_INVALID', message, { cause, details: { path: file } });
  }
}

const MOST_BYTES = 32 * 1024 ** 2;

function countDifferences(asked: readonly string[], given: number, logged: string | undefined): readonly Difference[] {
  if (asked.length === given) return [];
  const last = asked.at(-1);
  const found = `${String(asked.length)}${last === undefined ? '' : `, the last for ${clip(last, LONGEST_ADDRESS)}`}`;
  const isAgain = asked.length > given && new Set(asked).size < asked.length;
  const reason = isAgain && logged !== undefined ? `, requested again because: ${clip(logged, LONGEST_REASON)}` : '';
  return [{ kind: 'request', what: 'requests', expected: String(given), found: found + reason }];
}

const LONGEST_ADDRESS = 300;
const LONGEST_REASON = 600;

function noAnswer(url: string, count: number): SourceError {
  const message = `The example has ${String(count)} answers, and the job requests one more: ${clip(url, LONGEST_ADDRESS)}`;
  return new SourceError('E_SOURCE_NOT_FOUND', message);
}

function notReplayed(what: string, example: string): ConfigError {
  const message = `The example ${example} has "answers", but the job reads ${what} as a file. Give the content of that file as "file" or "text".`;
  return new ConfigError('E_EXAMPLE_INVALID', message);
}
