/** The connection of a worker, and the one Temporal runtime of the process. */
import { IllegalStateError, NativeConnection, Runtime } from '@temporalio/worker';
import type { Logger } from '../component/services.ts';
import type { TemporalSettings } from './client.ts';
import { failingAs } from './client.ts';
import { temporalLogger } from './temporal-logger.ts';

/**
 * Throws UnavailableError if the server is unreachable. The runtime ignores signals; the caller of the worker calls its
 * `drain`.
 */
export async function connectWorker(settings: TemporalSettings, logger: Logger): Promise<NativeConnection> {
  startRuntime(logger);
  const address = settings.connectionOptions.address ?? '127.0.0.1:7233';
  return failingAs(`connect a worker to Temporal at ${address}`, () =>
    NativeConnection.connect({ ...settings.connectionOptions, address }),
  );
}

/** Once for a process. A second call keeps what the first one installed. */
function startRuntime(logger: Logger): void {
  try {
    Runtime.install({
      logger: temporalLogger(logger),
      shutdownSignals: [],
      telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    });
  } catch (thrown) {
    if (!(thrown instanceof IllegalStateError)) throw thrown;
    logger.debug('the Temporal runtime was there already');
  }
}
