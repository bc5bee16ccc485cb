/**
 * Fetches many records with limited concurrency into one download bundle, in the order of the list. A record that
 * cannot be fetched becomes a failure in its position. If consecutive records fail, the server or the request is at
 * fault. The step then ends with that error, and the next attempt resumes after the records in the bundle.
 */
import type { Bundle } from '../../src/component/services.ts';
import { ConfigError, UnavailableError, VocabSyncError } from '../../src/errors.ts';

export interface Wanted {
  /** Names the record in origins and messages. */
  readonly id: string;
}

export interface FillOptions {
  readonly connections: number;
  readonly signal: AbortSignal;
  fetch(wanted: Wanted, signal: AbortSignal): Promise<Buffer>;
  /** Of this attempt: what was taken, and how many of the list it was. */
  onProgress(progress: { readonly bytes: number; readonly records: number }): void;
}

/** Failures one after the other that no longer can be the records. */
const MOST_IN_A_ROW = 50;

type Outcome = { readonly content: Buffer } | { readonly error: unknown };

interface Started {
  readonly wanted: Wanted;
  readonly outcome: Promise<Outcome>;
}

export async function fillBundle(bundle: Bundle, list: AsyncIterable<Wanted>, options: FillOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const sink = createSink(bundle, options);
  const underWay: Started[] = [];
  let position = 0;
  try {
    for await (const wanted of list) {
      if (position++ < bundle.count) continue;
      if (underWay.length >= options.connections) await takeFirst(underWay, sink, options.signal);
      underWay.push({ wanted, outcome: settle(options.fetch(wanted, signal)) });
    }
    while (underWay.length > 0) await takeFirst(underWay, sink, options.signal);
    await sink.end();
  } finally {
    stop.abort();
    await Promise.all(underWay.map(({ outcome }) => outcome));
  }
}

async function takeFirst(underWay: Started[], sink: Sink, signal: AbortSignal): Promise<void> {
  const [first] = underWay;
  if (first === undefined) return;
  const outcome = await first.outcome;
  signal.throwIfAborted();
  underWay.shift();
  await sink.take(first.wanted, outcome);
}

function settle(work: Promise<Buffer>): Promise<Outcome> {
  return work.then(
    (content) => ({ content }),
    (error: unknown) => ({ error }),
  );
}

interface Sink {
  take(wanted: Wanted, outcome: Outcome): Promise<void>;
  end(): Promise<void>;
}

function createSink(bundle: Bundle, { onProgress }: FillOptions): Sink {
  let waiting: { readonly wanted: Wanted; readonly error: VocabSyncError }[] = [];
  let hasSuccess = bundle.count > 0;
  let bytes = 0;
  let records = 0;
  const fail = async (): Promise<void> => {
    for (const { wanted, error } of waiting) {
      await bundle.fail(nameOf(wanted), { message: `The record ${wanted.id} could not be fetched: ${error.message}` });
    }
    waiting = [];
  };
  return {
    async take(wanted, outcome) {
      if ('error' in outcome) {
        waiting.push({ wanted, error: asFailure(outcome.error) });
        if (waiting.length >= MOST_IN_A_ROW) throw waiting.at(-1)?.error ?? outcome.error;
        return;
      }
      await fail();
      hasSuccess = true;
      await bundle.add(nameOf(wanted), outcome.content);
      bytes += outcome.content.length;
      records += 1;
      onProgress({ bytes, records });
    },
    async end() {
      const away = waiting.find(({ error }) => error instanceof UnavailableError);
      if (away !== undefined && !hasSuccess) throw away.error;
      await fail();
    },
  };
}

/** Throws what is no matter of one record: a wrong config, a server that asks to wait, a bug. */
function asFailure(error: unknown): VocabSyncError {
  const isOfAll =
    !(error instanceof VocabSyncError) ||
    error instanceof ConfigError ||
    error.kind === 'internal' ||
    error.code === 'E_SOURCE_RATE_LIMITED';
  if (isOfAll) throw error;
  return error;
}

function nameOf({ id }: Wanted): string {
  return `${id}.xml`;
}
