/** A relay of TCP connections to a server, so that its client can be cut off as if a route broke. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Relay {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** Ends all connections; new ones are served again. */
  cut(): void;
  close(): void;
}

export async function startRelay(address: string): Promise<Relay> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const both = [near, far];
    for (const socket of both) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        for (const one of both) open.delete(one.destroy());
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut,
    close: () => {
      server.close();
      cut();
    },
  };
}
