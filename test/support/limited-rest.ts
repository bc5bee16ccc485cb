/**
 * A REST server that allows so many requests a second and fails on a part of the requests that write: half of these
 * before the work, half after it, each as an error or as a broken connection. Faults follow from the seed.
 */
import type { ServerResponse } from 'node:http';
import { createRandom } from '../fuzz/create-random.ts';
import { startRestServer, type RestServer } from './rest-server.ts';

export interface LimitedRest {
  readonly server: RestServer;
  readonly seen: { limited: number; failedBefore: number; failedAfter: number };
}

export interface LimitedRestOptions {
  readonly perSecond: number;
  /** 0.05: one in twenty. */
  readonly failing: number;
  readonly seed: number;
}

/** Requests that may come at once after a pause. */
const BURST = 10;

export async function startLimitedRest({ perSecond, failing, seed }: LimitedRestOptions): Promise<LimitedRest> {
  const server = await startRestServer();
  const draws = createRandom(seed);
  const random = (): number => draws(1_000_000) / 1_000_000;
  const seen = { limited: 0, failedBefore: 0, failedAfter: 0 };
  let tokens = BURST;
  let filled = performance.now();
  const fail = (response: ServerResponse): true => {
    if (random() < 0.5) response.destroy();
    else response.writeHead(random() < 0.5 ? 500 : 503).end('{"message": "Try again."}');
    return true;
  };
  let failsAfter = false;
  server.before = ({ method }, response) => {
    const now = performance.now();
    tokens = Math.min(BURST, tokens + ((now - filled) * perSecond) / 1000);
    filled = now;
    if (tokens < 1) {
      seen.limited += 1;
      response.writeHead(429, { 'retry-after': '1' }).end();
      return true;
    }
    tokens -= 1;
    const draw = method === 'GET' ? 1 : random();
    failsAfter = draw >= failing / 2 && draw < failing;
    if (draw >= failing / 2) return false;
    seen.failedBefore += 1;
    return fail(response);
  };
  // Called right after `before` for the same request, in one turn of the event loop.
  server.after = (_request, response) => {
    if (!failsAfter) return false;
    failsAfter = false;
    seen.failedAfter += 1;
    return fail(response);
  };
  return { server, seen };
}
