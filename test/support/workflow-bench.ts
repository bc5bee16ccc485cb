/** Workers and runs for tests: the workflow bundled once, a task queue of its own for each test. */
import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { RunRequest, RunSteps } from '../../src/pipeline/run-steps.ts';
import { startRun, type StartedRun } from '../../src/temporal/start-run.ts';
import { connectWorker } from '../../src/temporal/worker-connection.ts';
import { createWorker, type RunningWorker, type WorkerRole } from '../../src/temporal/worker.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { silentLogger } from './silent-logger.ts';
import { testTemporal } from './temporal-server.ts';
import { bundleForTests } from './workflow-bundle.ts';

export { until } from './until.ts';

export type RunHandle = WorkflowHandle<typeof runJob>;

interface WorkOptions {
  readonly queue?: string;
  readonly stallMilliseconds?: number;
  readonly role?: WorkerRole;
  readonly deployment?: { readonly name: string; readonly buildId: string };
  /** In place of the workflow code of the checkout. */
  readonly workflowBundle?: { readonly code: string };
}

export interface WorkflowBench {
  readonly client: Client;
  readonly namespace: string;
  /** A worker on a new queue, or on the queue of another one. */
  work(steps: RunSteps, options?: WorkOptions): Promise<RunningWorker & { readonly queue: string }>;
  start(queue: string, request?: Partial<RunRequest>): Promise<StartedRun & { readonly handle: RunHandle }>;
  close(): Promise<void>;
}

export async function openWorkflowBench(): Promise<WorkflowBench> {
  const { address, namespace } = await testTemporal();
  const logger = silentLogger();
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const workflowBundle = await bundleForTests();
  const workers: RunningWorker[] = [];
  const connections: NativeConnection[] = [];
  return {
    client,
    namespace,
    async work(
      steps,
      { queue = `test-${randomUUID()}`, stallMilliseconds, role, deployment, workflowBundle: other } = {},
    ) {
      // Two workers of one process on one queue need a connection each.
      const native = await connectWorker({ connectionOptions: { address } }, logger);
      connections.push(native);
      const worker = await createWorker({
        connection: native,
        namespace,
        queue,
        steps,
        redact: (text) => text.replaceAll('hunter2', '***'),
        logger,
        workflowBundle: other ?? workflowBundle,
        ...(stallMilliseconds === undefined ? {} : { stallMilliseconds }),
        ...(role === undefined ? {} : { role }),
        ...(deployment === undefined ? {} : { deployment }),
      });
      workers.push(worker);
      return { ...worker, queue };
    },
    async start(queue, request = {}) {
      const started = await startRun(client, {
        queue,
        request: { job: 'ror-affiliations', trigger: 'manual', ...request },
      });
      return { ...started, handle: client.workflow.getHandle<typeof runJob>(started.workflowId, started.runId) };
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.drain()));
      await Promise.all(connections.map((one) => one.close()));
      await connection.close();
    },
  };
}
