/** A relay before PostgreSQL that counts statements that write, and breaks a connection where a test asks for it. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface PostgresRelay {
  /** `url` with the address of the relay. */
  readonly url: string;
  /** Statements that insert, update or delete rows. */
  writes: number;
  /** The connection breaks once: before the next statement that writes arrives, or after its transaction ended. */
  cut: 'before' | 'after' | undefined;
  close(): Promise<void>;
}

/** Matches one statement, and no `FOR UPDATE OF`. */
const WRITE = /\b(?:INSERT INTO|UPDATE|DELETE FROM) "/g;

export async function startPostgresRelay(to: string): Promise<PostgresRelay> {
  const target = new URL(to);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let hasWritten = false;
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    near.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      const writes = [...text.matchAll(WRITE)].length;
      relay.writes += writes;
      hasWritten ||= writes > 0;
      if (writes > 0 && relay.cut === 'before') {
        relay.cut = undefined;
        end();
        return;
      }
      far.write(bytes);
      if (relay.cut === 'after' && hasWritten && text.includes('COMMIT')) {
        relay.cut = undefined;
        far.removeAllListeners('data');
        far.once('data', end);
      }
    });
    far.on('data', (bytes) => near.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(to);
  [url.hostname, url.port] = ['127.0.0.1', String((server.address() as AddressInfo).port)];
  const relay: PostgresRelay = {
    url: url.href,
    ...{ writes: 0, cut: undefined },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}
