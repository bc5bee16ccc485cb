/** A relay in front of an HTTP server. From a point on it holds back answers, like a server that hangs. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HoldingRelay {
  readonly url: string;
  /** The paths that were asked for, in order. */
  readonly paths: string[];
  /** Holds back matching requests from now on, after so many more that are answered. */
  hold(path: RegExp, after: number): void;
  /** How many requests wait. */
  readonly held: () => number;
  /** Answers again; what waits is cut. */
  release(): void;
  close(): Promise<void>;
}

export async function startHoldingRelay(target: string): Promise<HoldingRelay> {
  const paths: string[] = [];
  const { hostname, port } = new URL(target);
  let holding: { readonly path: RegExp; left: number } | undefined;
  let held = 0;
  const server = createServer((asked, answer) => {
    const path = asked.url ?? '';
    paths.push(path);
    if (holding?.path.test(path) === true && --holding.left < 0) {
      held += 1;
      return;
    }
    // The headers as they came: a signature holds for the host that was asked.
    const onward = request({ hostname, port, path, method: asked.method ?? 'GET', headers: asked.headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    paths,
    hold: (path, after) => {
      holding = { path, left: after };
    },
    held: () => held,
    release: () => {
      holding = undefined;
      held = 0;
      server.closeAllConnections();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
