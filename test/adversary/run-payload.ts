/** Runs a payload on its own worker process while a healthy job runs, and watches the memory of both. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { reportRun } from '../../src/pipeline/finish/report-run.ts';
import { findRun } from '../../src/postgres/ledger/run-rows.ts';
import { openPool, withClient } from '../../src/postgres/pool.ts';
import { summariseRejections } from '../../src/postgres/stage/rejections.ts';
import type { RejectionKind, RunReport } from '../../src/records/run.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import type { Payload } from './payloads.ts';
import { writePlugIn } from './plug-in.ts';

export interface AdversaryServers {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly home: string;
}

export interface PayloadResult {
  /** The outcome, the code of the error, the codes of the rejections. */
  readonly ends: string;
  readonly seconds: number;
  readonly healthy: { readonly outcome: string; readonly seconds: number };
  /** Peak of the resident memory of the worker alone, in MB. */
  readonly worker: number;
  /** Peak of the worker and its step processes together, in MB: program text that they share counts once. */
  readonly all: number;
  /** The same by the kernel's proportional set size, which is lower where other programs share the text as well. */
  readonly pss: number;
}

const HEALTHY_RECORDS = 8_000;

/** `payload` undefined: the healthy job alone, for comparison. */
export async function runPayload(servers: AdversaryServers, payload: Payload | undefined): Promise<PayloadResult> {
  const id = randomUUID().slice(0, 8);
  const directory = join(servers.home, id);
  mkdirSync(directory, { recursive: true });
  const made = payload?.make(directory);
  const queue = `adversary-${id}`;
  const plugIn = writePlugIn(directory);
  const worker = await startWorkerProcess({ ...servers, queue }, { VOCAB_SYNC_PLUGINS: plugIn });
  const memory = watchMemory(worker.pid);
  const pool = openPool({ url: servers.databaseUrl, max: 2 });
  const { client, close } = await connectTemporal({
    connectionOptions: { address: servers.temporalAddress },
    namespace: servers.namespace,
  });
  const run = async (job: string, parts: Readonly<Record<string, unknown>>): Promise<Ended> => {
    const started = performance.now();
    const config = JSON.stringify({
      id: job,
      title: job,
      transformers: [],
      writers: [{ type: 'postgres', args: { table: job.replaceAll('-', '_') } }],
      ...parts,
    });
    const { workflowId, runId } = await startRun(client, { queue, request: { job, trigger: 'manual', config } });
    const failure = await client.workflow
      .getHandle<typeof runJob>(workflowId, runId)
      .result()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    const seconds = (performance.now() - started) / 1000;
    // A job that cannot be run at all has no row in the ledger.
    if ((await findRun(pool, runId)) === undefined) return { ends: codeOfFailure(failure), outcome: 'failed', seconds };
    const report = await reportRun({ pool, webUi: () => null }, runId);
    const kinds = await withClient(pool, (session) => summariseRejections(session, runId, 'main'));
    return { ends: endOf(report, kinds), outcome: report.outcome, seconds };
  };
  try {
    const bad = made === undefined || payload === undefined ? undefined : run(`bad-${id}`, { ...made });
    const healthy = await run(`healthy-${id}`, {
      readers: [{ type: 'file', args: { path: writeHealthy(directory) } }, { type: 'jsonl' }],
    });
    const ended = await bad;
    return {
      ends: ended?.ends ?? '',
      seconds: ended?.seconds ?? 0,
      healthy: { outcome: String(healthy.outcome), seconds: healthy.seconds },
      ...memory.stop(),
    };
  } finally {
    memory.stop();
    worker.signal('SIGKILL');
    await worker.exited;
    await close();
    await pool.end();
  }
}

interface Ended {
  readonly ends: string;
  readonly outcome: string | null;
  readonly seconds: number;
}

function codeOfFailure(failure: unknown): string {
  const cause = failure instanceof WorkflowFailedError ? failure.cause : undefined;
  return cause instanceof ApplicationFailure ? (cause.type ?? '') : String(failure);
}

function endOf({ outcome, error }: RunReport, rejections: readonly RejectionKind[]): string {
  const codes = rejections.map(({ code, count }) => `${code} ×${String(count)}`);
  return [outcome, error?.code, ...codes].filter((part) => part !== undefined && part !== null).join(' ');
}

function writeHealthy(directory: string): string {
  const path = join(directory, 'healthy.jsonl');
  const lines = Array.from({ length: HEALTHY_RECORDS }, (_, i) =>
    JSON.stringify({ id: `r${String(i)}`, title: { en: `Record ${String(i)}` }, tags: ['a', 'b', 'c'] }),
  );
  writeFileSync(path, lines.join('\n'));
  return path;
}

interface MemoryPeaks {
  readonly worker: number;
  readonly all: number;
  readonly pss: number;
}

/** Peaks in MB of a process and its children, until `stop`. */
function watchMemory(pid: number): { stop(): MemoryPeaks } {
  const peaks = { worker: 0, all: 0, pss: 0 };
  const timer = setInterval(() => {
    const held = [pid, ...childrenOf(pid)].map(memoryOf);
    const own = held[0];
    if (own !== undefined) peaks.worker = Math.max(peaks.worker, own.anonymous + own.file);
    const anonymous = held.reduce((sum, one) => sum + one.anonymous, 0);
    peaks.all = Math.max(peaks.all, anonymous + Math.max(...held.map(({ file }) => file)));
    peaks.pss = Math.max(
      peaks.pss,
      held.reduce((sum, one) => sum + one.pss, 0),
    );
  }, 25);
  return {
    stop() {
      clearInterval(timer);
      return { worker: Math.round(peaks.worker), all: Math.round(peaks.all), pss: Math.round(peaks.pss) };
    },
  };
}

/** Megabytes; zeros for a process that is gone. */
function memoryOf(pid: number): { anonymous: number; file: number; pss: number } {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    const rollup = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
    return {
      anonymous: megabytes(status, 'RssAnon'),
      file: megabytes(status, 'RssFile') + megabytes(status, 'RssShmem'),
      pss: megabytes(rollup, 'Pss'),
    };
  } catch {
    return { anonymous: 0, file: 0, pss: 0 };
  }
}

function megabytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? '0') / 1024;
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${String(pid)}/task`).flatMap((thread) =>
      readFileSync(`/proc/${String(pid)}/task/${thread}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    return [];
  }
}
