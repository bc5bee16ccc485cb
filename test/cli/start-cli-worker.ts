/** `vocab-sync worker` in this process, ended as by SIGTERM. */
import { isPolled } from '../../src/temporal/run-status.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import { runWords } from './run-words.ts';

export interface CliWorker {
  /** Sends SIGTERM and answers the exit code. */
  stop(): Promise<number>;
}

/** Resolves when the worker polls the queue. */
export async function startCliWorker(
  env: Readonly<Record<string, string>>,
  cwd: string,
  queue: string,
): Promise<CliWorker> {
  let interrupt = (): void => undefined;
  const ended = runWords(['worker', '--queue', queue], {
    cwd,
    env: { ...env, LOG_LEVEL: 'error' },
    onInterruptible: (send) => (interrupt = send),
  });
  const address = env['TEMPORAL_ADDRESS'] ?? '';
  const temporal = await connectTemporal({
    connectionOptions: { address },
    namespace: env['TEMPORAL_NAMESPACE'] ?? 'default',
  });
  try {
    const failed = ended.then(({ stderr }) => {
      throw new Error(`the worker ended: ${stderr}`);
    });
    failed.catch(() => undefined);
    while (!(await Promise.race([isPolled(temporal.client, queue), failed])))
      await new Promise((resolve) => setTimeout(resolve, 100));
  } finally {
    await temporal.close();
  }
  return {
    stop: async () => {
      interrupt();
      return (await ended).code;
    },
  };
}
