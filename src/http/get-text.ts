/** A small text answer in memory: landing pages, linksets, metadata. */
import type { Hop } from '../component/download.ts';
import type { HttpAnswer } from '../component/services.ts';
import { LimitError, type VocabSyncError } from '../errors.ts';
import { errorOfStatus } from './answer-errors.ts';
import { readReason } from './answer-reason.ts';
import type { HttpClient } from './http-client.ts';
import { refuseIncomplete } from './refuse-incomplete.ts';
import { retrying } from './retrying.ts';
import { redactUrl } from './url-policy.ts';

/** Landing pages of Zenodo are about 100 KB, linksets a few KB. */
const LARGEST_TEXT = 8 * 1024 * 1024;

export interface GetOptions {
  readonly signal: AbortSignal;
  readonly from?: Hop | undefined;
  readonly headers?: Record<string, string>;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: string;
  readonly encoding?: 'utf8' | 'latin1';
  readonly maxBytes?: number;
  readonly statuses?: readonly number[];
  readonly refusal?: (status: number, reason: string) => VocabSyncError | undefined;
}

export async function getText(client: HttpClient, url: string, options: GetOptions): Promise<HttpAnswer> {
  return retrying(client.retry, options.signal, () => getOnce(client, url, options));
}

async function getOnce(client: HttpClient, url: string, options: GetOptions): Promise<HttpAnswer> {
  const { accept, ...privateHeaders } = lowerCased(options.headers ?? {});
  const answer = await client.open({
    url,
    from: options.from,
    method: options.method ?? 'GET',
    ...(options.form === undefined ? {} : { form: options.form }),
    ...(options.json === undefined ? {} : { json: options.json }),
    headers: accept === undefined ? {} : { accept },
    privateHeaders,
    decompress: true,
    signal: options.signal,
  });
  try {
    const { status, headers, network, url: finalUrl } = answer;
    if (status !== 200 && options.statuses?.includes(status) !== true) {
      const reason = await readReason(answer);
      throw options.refusal?.(status, reason) ?? errorOfStatus(answer, reason);
    }
    refuseIncomplete(answer);
    const body = await bytesOf(answer.body, finalUrl, options.maxBytes ?? LARGEST_TEXT);
    return { status, url: finalUrl, network, headers, body: body.toString(options.encoding ?? 'utf8') };
  } finally {
    answer.close();
  }
}

async function bytesOf(body: AsyncIterable<Buffer>, url: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > most) {
      throw new LimitError(
        'E_SOURCE_TOO_LARGE',
        `${redactUrl(url)} answered with more than ${String(most)} bytes where a small text was expected.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
