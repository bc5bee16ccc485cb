/** The connection of commands to Temporal. Workers have their own, see worker-connection.ts. */
import { connect as connectSocket } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { UnavailableError } from '../errors.ts';
import { serverFailure } from './server-failure.ts';

/** As `@temporalio/envconfig` loads it; an absent namespace is `default`. */
export type TemporalSettings = ClientConnectConfig;

export interface TemporalClient {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  close(): Promise<void>;
}

/** A healthy server needs far less, TLS included; a command for a server that is away does not seem to hang. */
const CONNECT_SECONDS = 5;
/**
 * For a server that accepts connections and responds slowly, and for a vocab-sync process that waits for a CPU: thirty
 * commands at once on two cores need several seconds for their handshakes.
 */
const BUSY_SECONDS = 30;
/** By default gRPC uses the proxy of http_proxy, even to this machine. The connection of a worker is always direct. */
const DIRECT = { 'grpc.enable_http_proxy': 0 };
const DEFAULT_ADDRESS = '127.0.0.1:7233';

/**
 * Throws UnavailableError when the server is away (within seconds) or never answers, ConfigError when it refuses the
 * namespace or the credentials.
 */
export async function connectTemporal(settings: TemporalSettings): Promise<TemporalClient> {
  const { address = DEFAULT_ADDRESS, tls, metadata, apiKey } = settings.connectionOptions;
  const namespace = settings.namespace ?? 'default';
  const doing = `connect to Temporal at ${address}`;
  const connect = (seconds: number): Promise<Connection> =>
    failingAs(doing, () =>
      Connection.connect({
        address,
        connectTimeout: seconds * 1000,
        channelArgs: DIRECT,
        ...(tls === undefined ? {} : { tls }),
        ...(metadata === undefined ? {} : { metadata }),
        ...(apiKey === undefined ? {} : { apiKey }),
      }),
    );
  const connection = await connect(CONNECT_SECONDS).catch(async (error: unknown) => {
    if (!(error instanceof UnavailableError) || !(await acceptsConnections(address))) throw error;
    return connect(BUSY_SECONDS);
  });
  try {
    // A connection alone proves little: an endpoint that is no Temporal server, or another namespace, shows only here.
    await failingAs(`use the namespace ${namespace} of Temporal at ${address}`, () =>
      connection.withDeadline(Date.now() + BUSY_SECONDS * 1000, () =>
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

/** Whether something listens at `host:port`. False as well for an address of another form. */
function acceptsConnections(address: string): Promise<boolean> {
  const target = URL.canParse(`tcp://${address}`) ? new URL(`tcp://${address}`) : undefined;
  if (target === undefined || target.port === '') return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connectSocket(Number(target.port), target.hostname.replace(/^\[|\]$/g, ''));
    const end = (accepts: boolean) => (): void => {
      socket.destroy();
      resolve(accepts);
    };
    socket.setTimeout(CONNECT_SECONDS * 1000, end(false));
    socket.once('connect', end(true)).once('error', end(false));
  });
}
