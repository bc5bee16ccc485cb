/** The connection of commands to Temporal. Workers have their own, see worker-connection.ts. */
import { Client, Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { serverFailure } from './server-failure.ts';

/** As `@temporalio/envconfig` loads it; an absent namespace is `default`. */
export type TemporalSettings = ClientConnectConfig;

export interface TemporalClient {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  close(): Promise<void>;
}

/** Longer than a healthy server needs behind TLS, short enough that a command does not seem to hang. */
const CONNECT_SECONDS = 5;
const DEFAULT_ADDRESS = '127.0.0.1:7233';

/** Throws UnavailableError within seconds when the server is away, ConfigError when it refuses the namespace or the credentials. */
export async function connectTemporal(settings: TemporalSettings): Promise<TemporalClient> {
  const { address = DEFAULT_ADDRESS, tls, metadata, apiKey } = settings.connectionOptions;
  const namespace = settings.namespace ?? 'default';
  const doing = `connect to Temporal at ${address}`;
  const connection = await failingAs(doing, () =>
    Connection.connect({
      address,
      connectTimeout: CONNECT_SECONDS * 1000,
      ...(tls === undefined ? {} : { tls }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(apiKey === undefined ? {} : { apiKey }),
    }),
  );
  try {
    // A connection alone proves little: an endpoint that is no Temporal server, or another namespace, shows only here.
    await failingAs(`use the namespace ${namespace} of Temporal at ${address}`, () =>
      connection.withDeadline(Date.now() + CONNECT_SECONDS * 1000, () =>
        connection.workflowService.describeNamespace({ namespace }),
      ),
    );
  } catch (error) {
    await connection.close();
    throw error;
  }
  return { client: new Client({ connection, namespace }), connection, namespace, close: () => connection.close() };
}

/** Runs `call`; what the server answers when it fails becomes one of our errors. */
export async function failingAs<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (thrown) {
    throw serverFailure(thrown, doing) ?? thrown;
  }
}
