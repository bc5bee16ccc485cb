/** Reads from Temporal the state of an active run: heartbeats, failed attempts, and whether a worker is polling. */
import type { Client } from '@temporalio/client';
import type { Phase } from '../../records/outcome.ts';
import { isPolled, pendingWork, type PendingStep } from '../../temporal/run-status.ts';
import { printable } from '../render/printable.ts';
import type { LiveProgress } from './progress-facts.ts';
import type { Terminal } from '../terminal.ts';

export interface WatchOptions {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly workflowId: string;
  readonly runId: string;
  readonly queue: string;
  /** Ends the current calls. */
  readonly signal: AbortSignal;
}

export interface Watch {
  /** Asks Temporal every second at most, in the background: a server that is away does not hold up the progress. */
  look(phase: Phase): LiveProgress | undefined;
  /** Resolves when nothing is asked any more, after the signal. */
  settled(): Promise<void>;
}

const STEPS_MILLISECONDS = 1000;
const WORKER_MILLISECONDS = 10_000;

export function createWatch(options: WatchOptions): Watch {
  const { client, workflowId, runId, signal } = options;
  let live: { readonly phase: Phase; readonly progress: LiveProgress } | undefined;
  const failures = createFailureTeller(options.terminal);
  const workers = createWorkerTeller(options);
  const taken = createTakenTeller(options);
  const ask = <T>(call: () => Promise<T>): Promise<T> => untilOver(client, signal, call);
  const steps = atMostEvery(STEPS_MILLISECONDS, async (phase: Phase) => {
    const { steps: pending, untakenSince } = await ask(() => pendingWork(client, { workflowId, runId }));
    failures(pending);
    taken(untakenSince);
    const heard = pending.map(({ progress }) => progress).filter((progress) => progress !== undefined);
    live = heard.length === 0 ? undefined : { phase, progress: addUp(heard) };
  });
  const polled = atMostEvery(WORKER_MILLISECONDS, () => ask(workers));
  return {
    look(phase) {
      steps.start(phase);
      polled.start(phase);
      return live?.phase === phase ? live.progress : undefined;
    },
    async settled() {
      await Promise.all([steps.settled(), polled.settled()]);
    },
  };
}

/** The sum over several partitions that are read at once. */
function addUp(heard: readonly NonNullable<PendingStep['progress']>[]): LiveProgress {
  const sum = (of: (progress: (typeof heard)[number]) => number | undefined): number =>
    heard.reduce((total, progress) => total + (of(progress) ?? 0), 0);
  return {
    bytes: sum(({ bytes }) => bytes),
    totalBytes: sum(({ totalBytes }) => totalBytes),
    records: sum(({ counts }) => counts?.read),
  };
}

/** A signal of its own for each call: the client leaves its listeners on the one it is given. */
async function untilOver<T>({ connection }: Client, over: AbortSignal, call: () => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const end = (): void => {
    ending.abort();
  };
  over.addEventListener('abort', end, { once: true });
  try {
    return await connection.withAbortSignal(ending.signal, call);
  } finally {
    over.removeEventListener('abort', end);
  }
}

/** Starts `work` unless it ran recently or still runs. It only feeds the display, so its failures are ignored. */
function atMostEvery<T>(
  milliseconds: number,
  work: (value: T) => Promise<void>,
): { start(value: T): void; settled(): Promise<void> } {
  let next = 0;
  let running = Promise.resolve();
  return {
    start(value) {
      if (Date.now() < next) return;
      next = Infinity;
      const free = (): void => {
        next = Date.now() + milliseconds;
      };
      running = work(value).then(free, free);
    },
    settled: () => running,
  };
}

function createFailureTeller(terminal: Terminal): (pending: readonly PendingStep[]) => void {
  const told = new Set<string>();
  return (pending) => {
    for (const step of pending) {
      const line = noteOf(step);
      if (line === undefined || told.has(line)) continue;
      told.add(line);
      terminal.say(line);
    }
  };
}

function noteOf({ id, attempt, lastFailure, paused, progress }: PendingStep): string | undefined {
  if (paused) return `The step ${id} is paused in Temporal.`;
  if (progress?.waiting !== undefined)
    return `The step ${id} waits ${printable(progress.waiting, 100)}: the worker is busy.`;
  if (lastFailure === undefined) return undefined;
  return `The step ${id} is tried again (attempt ${String(attempt)}): ${printable(lastFailure, 300)}`;
}

/** Longer than an idle worker needs to take up what is ready. */
const TAKEN_MILLISECONDS = 6000;

/** A worker that was killed counts as polling for about a minute: that nothing is taken up shows sooner. */
function createTakenTeller({ queue, terminal }: WatchOptions): (since: Date | undefined) => void {
  let told = false;
  return (since) => {
    const waits = since !== undefined && Date.now() - since.getTime() > TAKEN_MILLISECONDS;
    if (waits && !told) {
      terminal.say(
        `warning: no worker of the queue ${queue} has taken up the run for ${String(Math.round(TAKEN_MILLISECONDS / 1000))} seconds; it waits. ` +
          `They are busy, or gone: vocab-sync worker --queue ${queue} starts one, vocab-sync doctor tells more.`,
      );
    } else if (told && since === undefined) terminal.say('A worker has taken up the run.');
    if (waits || since === undefined) told = waits;
  };
}

function createWorkerTeller({ client, queue, terminal }: WatchOptions): () => Promise<void> {
  let there = true;
  return async () => {
    const polled = await isPolled(client, queue);
    if (polled !== there) {
      terminal.say(
        polled
          ? `A worker polls the queue ${queue} again.`
          : `warning: no worker polls the queue ${queue} any more; the run waits. Start one: vocab-sync worker`,
      );
    }
    there = polled;
  };
}
