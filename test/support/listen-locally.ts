/**
 * Addresses for the servers of tests. A target is known by its address, and what a job published there belongs to that job. A port
 * that the system gives twice would let a new server look like an old one, so none is used twice by one test file.
 */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { findFreePort } from '../../src/embedded/free-port.ts';

const used = new Set<number>();

/** Listens on 127.0.0.1, on a port that was not used before unless one is given. Returns the address, `http://127.0.0.1:PORT`. */
export async function listenLocally(server: Server, port = 0): Promise<string> {
  for (;;) {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const found = (server.address() as AddressInfo).port;
    if (port !== 0 || isNew(found)) return `http://127.0.0.1:${String(found)}`;
    server.close();
    await once(server, 'close');
  }
}

/** A free port that was not used before, for a server that is another process. */
export async function findUnusedPort(): Promise<number> {
  for (;;) {
    const port = await findFreePort();
    if (isNew(port)) return port;
  }
}

function isNew(port: number): boolean {
  const isNew = !used.has(port);
  used.add(port);
  return isNew;
}
