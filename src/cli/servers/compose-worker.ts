/** The composition root of a worker: one process, one connection, one worker for each task queue. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { redact } from '../../logging/redact.ts';
import { createRunSteps } from '../../pipeline/create-run-steps.ts';
import type { TemporalSettings } from '../../temporal/client.ts';
import { connectWorker } from '../../temporal/worker-connection.ts';
import { lookAtQueue } from '../../temporal/run-status.ts';
import { createWorker, type RunningWorker, type WorkerRole } from '../../temporal/worker.ts';
import { cleanSpool } from './clean-spool.ts';
import { composeStepProcesses } from './compose-steps.ts';
import { composeEngine, type EngineParts } from './compose-engine.ts';

export interface WorkersOptions extends Omit<EngineParts, 'isolate'> {
  readonly databaseUrl: string;
  readonly cwd: string;
  readonly connection: TemporalSettings;
  readonly queues: readonly string[];
  readonly role?: WorkerRole;
}

export interface RunningWorkers {
  /** Rejected when one of them failed; resolved when all were stopped. */
  readonly ended: Promise<void>;
  /** Hands over what is under way and resolves when that is done. May be called again. */
  stop(): Promise<void>;
}

/**
 * A worker lives for months beside other programs. Left alone, V8 lets its heap double before it collects what died:
 * 370 MB at the peak of a ROR run. Collecting at a growth of 30 % keeps it at 250 MB, for a tenth more CPU.
 */
const HEAP_GROWTH_FLAG = '--heap-growing-percent=30';

/** What starting left behind would count as live until the first large collection, and raise the limit by its share. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** They poll when this resolves. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  setFlagsFromString(HEAP_GROWTH_FLAG);
  const { connection: settings, temporal, installation, logger, role = 'all' } = options;
  const processes = composeStepProcesses(options);
  const steps = createRunSteps(composeEngine({ ...options, isolate: processes.run }));
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
    for (const queue of options.queues) {
      const { namespace } = temporal;
      workers.push(await createWorker({ connection, namespace, queue, steps, redact, installation, logger, role }));
      await warnOfOthers(options, queue);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  collectGarbage();
  const ended = Promise.all(workers.map((worker) => worker.ended)).then(() => undefined);
  ended.catch(() => undefined);
  return { ended, stop: () => (stopping ??= stop()) };
}

/** Nothing goes wrong where two installations poll one queue, but each of their steps may take several attempts. */
async function warnOfOthers({ temporal, installation, logger }: WorkersOptions, queue: string): Promise<void> {
  const { others } = await lookAtQueue(temporal.client, queue, installation);
  if (others.length === 0) return;
  logger.warn(
    'Workers of another installation, with another database, poll this queue. Each hands back what belongs to the other. Give each installation a task queue or a namespace of its own.',
    { queue, installation, others },
  );
}
