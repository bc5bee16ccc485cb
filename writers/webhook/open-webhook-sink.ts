/**
 * Posts signed batches of changes, as https://www.standardwebhooks.com describes them. The receiver answers for the whole
 * batch by its status, or for each change in its body.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { ApiAnswer } from '../../src/component/services.ts';
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { digestOf, toMessage } from '../../src/records/change-message.ts';
import { againAfter, type Change, type ChangeResult } from '../../src/records/change.ts';
import type { WebhookArgs } from './webhook-args.ts';

export function openWebhookSink(args: WebhookArgs, context: ChangesContext, target: string): ChangesSink {
  const posting: Posting = { args, context, target, key: keyOf(args.secret) };
  return {
    write: (changes) => post(posting, changes),
    close: () => Promise.resolve(),
  };
}

interface Posting {
  readonly args: WebhookArgs;
  readonly context: ChangesContext;
  readonly target: string;
  readonly key: Buffer;
}

/** Throws ConfigError for a key that begins like one of Standard Webhooks and is not base64. */
export function keyOf(secret: string): Buffer {
  const encoded = /^whsec_(.*)$/s.exec(secret)?.[1];
  if (encoded === undefined) return Buffer.from(secret, 'utf8');
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return Buffer.from(encoded, 'base64');
  throw new ConfigError(
    'E_TARGET_FORBIDDEN',
    'Expected base64 after "whsec_" in the secret of a webhook. It is not shown.',
  );
}

async function post(posting: Posting, changes: readonly Change[]): Promise<readonly ChangeResult[]> {
  const answer = await send(posting, changes);
  const { status } = answer;
  const results = resultsOf(answer, posting.args.url);
  if (results !== undefined) return changes.map(({ id }) => results.get(id) ?? unanswered(id));
  if (status >= 200 && status < 300) return changes.map(({ id }) => ({ id, result: 'done' }));
  const message = `The receiver answered ${String(status)}${answer.reason === '' ? '' : `: ${answer.reason}`}`;
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500) {
    const { retryAfter } = answer;
    const text = `${posting.args.url}: ${message}. It is tried again.`;
    throw new UnavailableError('E_TARGET_UNAVAILABLE', text, {
      details: { status },
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
  if (![400, 413, 422].includes(status)) {
    const advice = 'Check the address, the secret and "headers", and what the receiver accepts.';
    throw new ConfigError('E_TARGET_FORBIDDEN', `${posting.args.url}: ${message}. ${advice}`, { details: { status } });
  }
  const [first] = changes;
  if (changes.length === 1 && first !== undefined) {
    return [{ id: first.id, result: 'rejected', code: 'E_TARGET_REFUSED', message }];
  }
  return halves(posting, changes);
}

/** The receiver refuses the batch and does not say which change is to blame. */
async function halves(posting: Posting, changes: readonly Change[]): Promise<readonly ChangeResult[]> {
  const middle = changes.length >> 1;
  const first = await post(posting, changes.slice(0, middle));
  const rest = changes.slice(middle);
  try {
    return [...first, ...(await post(posting, rest))];
  } catch (thrown) {
    // The answers to the first half count. What concerns every request is thrown when the rest is sent again.
    if (!(thrown instanceof UnavailableError || thrown instanceof ConfigError)) throw thrown;
    return [...first, ...rest.map(({ id }) => againAfter(id, thrown))];
  }
}

async function send({ args, context, target, key }: Posting, changes: readonly Change[]): Promise<ApiAnswer> {
  const { api, signal, turn, run, job, task } = context;
  const messages = changes.map((change) => ({
    ...toMessage(change, { run, job, task, target }, args.before),
    overwrites: change.overwrites,
  }));
  const id = `msg_${digestOf(messages.map((message) => message.key).join())}`;
  const body = JSON.stringify({ type: 'vocab-sync.changes', data: { run, job, target, changes: messages } });
  await turn();
  const timestamp = String(Math.floor(Date.now() / 1000));
  return api.ask({
    url: args.url,
    method: 'POST',
    headers: {
      accept: 'application/json',
      ...args.headers,
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(key, id, timestamp, body),
    },
    body,
    signal,
    timeoutMs: args.timeout_seconds * 1000,
  });
}

export function sign(key: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

const answerSchema = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      result: z.enum(['done', 'rejected', 'conflict', 'again']),
      message: z.string().default('the receiver gave no reason'),
      /** Seconds. */
      after: z.number().min(0).max(86_400).optional(),
    }),
  ),
});

/** Returns undefined if the receiver answers for the whole batch. Only 2xx and 4xx statuses have results. */
function resultsOf({ status, body }: ApiAnswer, url: string): ReadonlyMap<string, ChangeResult> | undefined {
  const json = status >= 200 && status < 500 ? parsed(body) : undefined;
  if (typeof json !== 'object' || json === null || !('results' in json)) return undefined;
  const found = answerSchema.safeParse(json);
  if (!found.success) {
    const where = found.error.issues[0];
    const text = `${url} answered results that cannot be read: ${where?.path.join('.') ?? ''}: ${where?.message ?? ''}. Correct the receiver.`;
    throw new ConfigError('E_TARGET_FORBIDDEN', text, { details: { status } });
  }
  return new Map(
    found.data.results.map(({ id, result, message, after }): [string, ChangeResult] => {
      if (result === 'done') return [id, { id, result }];
      if (result === 'rejected') return [id, { id, result, code: 'E_TARGET_REFUSED', message }];
      if (result === 'conflict') return [id, { id, result, message }];
      return [id, { id, result, message, ...(after === undefined ? {} : { after: after * 1000 }) }];
    }),
  );
}

function unanswered(id: string): ChangeResult {
  return { id, result: 'again', message: 'the receiver answered results, but none for this change' };
}

/** Undefined for a body that is not JSON: then the status answers for the batch. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
