/** R25: a worker that has just been started is waited for, with a clock that only the waiting moves. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommandContext } from '../../src/cli/command-context.ts';
import type { Servers } from '../../src/cli/servers/open-servers.ts';
import { requireWorker } from '../../src/cli/servers/require-worker.ts';
import { pollerIdentity } from '../../src/temporal/poller-identity.ts';
import { failureOf } from '../http/http-fixture.ts';

vi.mock('node:timers/promises', () => ({
  setTimeout: vi.fn((milliseconds: number) => {
    vi.setSystemTime(Date.now() + milliseconds);
    return Promise.resolve();
  }),
}));

const OURS = '11111111-1111-4111-8111-111111111111';
const OTHERS = '22222222-2222-4222-8222-222222222222';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.mocked(delay).mockClear();
});

interface Wanted {
  /** Seconds after the start of the command at which a worker polls; absent: none does. */
  readonly worker?: number;
  readonly installation?: string;
  readonly isEmbedded?: boolean;
  readonly detach?: boolean;
}

interface Waited {
  readonly seconds: number;
  readonly said: readonly string[];
  readonly failure: unknown;
}

async function wait({ worker, installation = OURS, isEmbedded = false, detach = false }: Wanted): Promise<Waited> {
  const begin = Date.now();
  const said: string[] = [];
  const identity = pollerIdentity(installation);
  const describeTaskQueue = (): Promise<unknown> => {
    const isUp = worker !== undefined && Date.now() - begin >= worker * 1000;
    const lastAccessTime = { seconds: Math.floor(Date.now() / 1000), nanos: 0 };
    return Promise.resolve({ pollers: isUp ? [{ identity, lastAccessTime }] : [] });
  };
  const client = { options: { namespace: 'default' }, workflowService: { describeTaskQueue } };
  const servers = {
    ownsWorker: false,
    isEmbedded,
    installation: OURS,
    temporalAddress: 'localhost:7233',
    temporal: { client, namespace: 'default' },
  } as unknown as Servers;
  const context = { terminal: { say: (line: string) => said.push(line) } } as unknown as CommandContext;
  const waiting = requireWorker(context, servers, 'vocab-sync', detach);
  const failure = await waiting.then(
    () => undefined,
    () => failureOf(waiting),
  );
  return { seconds: (Date.now() - begin) / 1000, said, failure };
}

describe('a run before its worker', () => {
  it('starts at once where a worker polls', async () => {
    expect(await wait({ worker: 0 })).toEqual({ seconds: 0, said: [], failure: undefined });
  });

  it('finds a worker that comes up 3 s later, and says that it waits', async () => {
    const { seconds, said, failure } = await wait({ worker: 3 });
    expect(failure).toBeUndefined();
    expect(seconds).toBeGreaterThanOrEqual(3);
    expect(seconds).toBeLessThan(3.5);
    expect(said).toEqual(['Waiting for a worker on the task queue vocab-sync']);
  });

  it.each([{}, { worker: 0, installation: OTHERS }, { worker: 60 }])(
    'ends with E_NO_WORKER after 8 s where none of this database comes: %j',
    async (wanted) => {
      const { seconds, failure } = await wait(wanted);
      expect(failure).toMatchObject({ code: 'E_NO_WORKER', details: { queue: 'vocab-sync' } });
      expect(failure).toHaveProperty('message', expect.stringContaining('nothing was started'));
      expect(JSON.stringify(failure)).toContain('installation' in wanted ? OTHERS : '"queue"');
      expect(seconds).toBeGreaterThanOrEqual(8);
      expect(seconds).toBeLessThan(9);
    },
  );

  it('does not wait with --detach, except for the worker of a dev that is starting', async () => {
    const configured = await wait({ worker: 3, detach: true });
    expect(configured).toMatchObject({ seconds: 0, failure: undefined });
    expect(configured.said.join('\n')).toContain('warning: No worker polls the task queue');
    const dev = await wait({ worker: 3, detach: true, isEmbedded: true });
    expect(dev.said).toEqual(['Waiting for a worker on the task queue vocab-sync']);
    expect(dev.seconds).toBeGreaterThanOrEqual(3);
  });
});
