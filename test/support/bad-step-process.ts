/** A step process whose steps do what the name of their task says. Forked by test/isolation. */
import { serveSteps } from '../../src/isolation/serve-steps.ts';
import { UnavailableError } from '../../src/errors.ts';
import type { StepContext, TaskInput } from '../../src/pipeline/run-steps.ts';

const BEHAVIOURS: Readonly<Record<string, (context: StepContext) => unknown>> = {
  echo: () => ({ kind: 'unchanged', reason: String(process.pid), source: null }),
  heap: () => {
    const map = new Map<number, string>();
    for (let i = 0; ; i += 1) map.set(i, `x${String(i)}`);
  },
  buffers: () => {
    const all: Buffer[] = [];
    for (;;) all.push(Buffer.alloc(1 << 20, 1));
  },
  loop: () => {
    for (;;);
  },
  exit: () => process.exit(7),
  unavailable: () => {
    throw new UnavailableError('E_SOURCE_UNAVAILABLE', 'away', { retryAfter: 5000, details: { status: 503 } });
  },
  later: async () => {
    setTimeout(() => {
      throw new Error('nobody awaits this');
    }, 10);
    await new Promise(() => undefined);
  },
  waits: ({ signal, onProgress }) => {
    onProgress({ step: 'fetch', bytes: 1 });
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  },
  deaf: ({ onProgress }) => {
    onProgress({ step: 'fetch', bytes: 1 });
    return new Promise(() => undefined);
  },
};

serveSteps((_setup, { logger, onSecret }) => {
  const run = async ({ task }: TaskInput, context: StepContext): Promise<never> => {
    logger.warn('The step begins.', { task, cause: new Error('told by its message') });
    onSecret('a-secret-text');
    const work = BEHAVIOURS[task];
    if (work === undefined) throw new Error(`no behaviour ${task}`);
    return (await work(context)) as never;
  };
  return Promise.resolve({ fetchSource: run, stagePartition: run });
});
