/** The composition root of a worker: one process, one connection, one worker for each task queue. */
import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { redact, rememberSecret } from '../../logging/redact.ts';
import { createRunSteps } from '../../pipeline/create-run-steps.ts';
import type { Engine, Isolation } from '../../pipeline/engine.ts';
import type { Deployment } from '../../settings/deployment.ts';
import type { TemporalSettings, TemporalClient } from '../../temporal/client.ts';
import { connectWorker } from '../../temporal/worker-connection.ts';
import { lookAtQueue, workflowStatus } from '../../temporal/run-status.ts';
import { createWorker, type RunningWorker, type WorkerRole } from '../../temporal/worker.ts';
import type { Catalog } from '../../component/catalog.ts';
import type { Logger } from '../../component/services.ts';
import { loadRecordSchema } from '../../job/schema/record-schema.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { Settings } from '../../settings.ts';
import { pauseUnlessPaused } from '../../temporal/schedule-state.ts';
import { webUiLink } from '../../temporal/web-ui.ts';
import { openStepProcesses, type StepProcesses } from '../../isolation/step-processes.ts';
import { findPackageRoot } from '../../job/package-root.ts';
import { cleanSpool } from './clean-spool.ts';
import { admissionOf } from './run-key.ts';
import { composeSendNotice } from './compose-send-notice.ts';
import { composeSecrets, composeServices } from './compose-services.ts';

export interface WorkersOptions extends Omit<EngineParts, 'isolation'> {
  readonly databaseUrl: string;
  readonly cwd: string;
  readonly connection: TemporalSettings;
  readonly queues: readonly string[];
  readonly role?: WorkerRole;
  /** See Settings. Only workers that were started as such use it. */
  readonly deployment?: Deployment;
}

export interface RunningWorkers {
  /** Rejected when one of them failed; resolved when all were stopped. */
  readonly ended: Promise<void>;
  /** Hands over the current steps and resolves when that is done. May be called again. */
  stop(): Promise<void>;
}

/** They poll when this resolves. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const { connection: settings, temporal, installation, logger, role = 'all', deployment } = options;
  const processes = composeStepProcesses(options);
  const steps = createRunSteps(composeEngine({ ...options, isolation: processes }));
  const connection = await connectWorker(settings, logger);
  const workers: RunningWorker[] = [];
  const cleaner = cleanSpool(options.settings, options.pool, logger);
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await Promise.allSettled(workers.map((worker) => worker.drain()));
    await cleaner.stop();
    processes.close();
    await connection.close();
  };
  try {
    // A run often waits for its worker.
    if (role !== 'workflow') processes.prepare();
    for (const queue of options.queues) {
      const { namespace } = temporal;
      const versioned = deployment === undefined ? {} : { deployment };
      workers.push(
        await createWorker({ connection, namespace, queue, steps, redact, installation, logger, role, ...versioned }),
      );
      await warnOfOthers(options, queue);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const ended = Promise.all(workers.map((worker) => worker.ended)).then(() => undefined);
  ended.catch(() => undefined);
  return { ended, stop: () => (stopping ??= stop()) };
}

/** Nothing goes wrong where two installations poll one queue, but each of their steps may take several attempts. */
async function warnOfOthers({ temporal, installation, logger }: WorkersOptions, queue: string): Promise<void> {
  const { others } = await lookAtQueue(temporal.client, queue, installation);
  if (others.length === 0) return;
  logger.warn(
    'Workers of another installation, with another database, poll this queue. Each returns the steps of the other. Give each installation its own task queue or namespace.',
    { queue, installation, others },
  );
}

interface EngineParts {
  readonly settings: Settings;
  readonly catalog: Catalog;
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  /** The identity of the database; see ledger/installation.ts. */
  readonly installation: string;
  /** Where the Web UI is served, where that is known. */
  readonly webUi: string | undefined;
  readonly logger: Logger;
  readonly isolation?: Isolation;
}

/** The composition root of the engine: settings, servers and components become the steps of a run. */
function composeEngine({
  settings,
  catalog,
  pool,
  temporal,
  installation,
  webUi,
  logger,
  isolation,
}: EngineParts): Engine {
  const resolveSecret = composeSecrets(settings.variable, logger);
  return {
    pool,
    catalog,
    logger,
    services: composeServices(settings, logger),
    resolveSecret,
    recordCheck: loadRecordSchema,
    ...(isolation === undefined ? {} : { isolation }),
    holderState: async (workflowId, run) => {
      const status = await workflowStatus(temporal.client, { workflowId, runId: run });
      return status === 'running' ? 'open' : 'closed';
    },
    pauseSchedule: (job, note) => pauseUnlessPaused(temporal.client, job, note, installation),
    installation,
    admission: admissionOf(settings),
    sendNotice: composeSendNotice(settings, resolveSecret),
    webUi: (workflowId, run) => (webUi === undefined ? null : webUiLink(webUi, temporal.namespace, workflowId, run)),
  };
}

interface StepProcessParts {
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly cwd: string;
}

/**
 * The share of a process's memory limit for the V8 heap. V8 collects in time below its own limit, and buffers need
 * memory outside the heap.
 */
const HEAP_SHARE = 0.6;

/** Step processes from the settings of this process; the same from the sources and from dist. */
function composeStepProcesses({ settings, databaseUrl, cwd }: StepProcessParts): StepProcesses {
  const { temporal: _temporal, origins: _origins, variable: _variable, ...rest } = settings;
  const megabytes = settings.stepMemoryMegabytes;
  return openStepProcesses({
    fork: () => forkStepProcess(Math.round(megabytes * HEAP_SHARE)),
    setup: { settings: rest, databaseUrl, cwd, memory: { mostBytes: megabytes * 1024 ** 2 } },
    onSecret: rememberSecret,
    mostProcesses: Math.floor(settings.totalStepMemoryMegabytes / megabytes),
  });
}

/** From the sources the process needs what this one was started with. By its own path: the working directory is any. */
function tsxLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}

function forkStepProcess(heapMegabytes: number): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts');
  const program = isSource
    ? join(import.meta.dirname, 'step-process.ts')
    : join(findPackageRoot(), 'dist', 'src', 'cli', 'servers', 'step-process.js');
  return fork(program, {
    execArgv: [
      ...(isSource ? ['--import', tsxLoader()] : []),
      `--max-old-space-size=${String(heapMegabytes)}`,
      '--min-semi-space-size=8',
      '--max-semi-space-size=8',
      '--heap-growing-percent=80',
      '--always-sparkplug',
    ],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}
