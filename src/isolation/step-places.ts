/**
 * Limits how many step processes run at once, so that all of them together stay within the memory of the worker. Other
 * steps wait and report it, so their heartbeats continue and they do not count as stuck.
 */
import type { Logger } from '../component/services.ts';
import type { IsolatedStep } from '../pipeline/engine.ts';
import type { StepContext, TaskInput } from '../pipeline/run-steps.ts';

export interface StepPlaces {
  /** Resolves when the step may run. The caller calls the result when it has ended. Throws the reason of the signal. */
  enter(step: IsolatedStep, input: TaskInput, context: StepContext, logger: Logger): Promise<() => void>;
}

interface Waiting {
  readonly run: string;
  readonly start: () => void;
}

/** A step that reports nothing for two hours counts as hung. */
const REPORT_MILLISECONDS = 10_000;

export function createStepPlaces(most: number): StepPlaces {
  const running: string[] = [];
  const queue: Waiting[] = [];
  const stepsOf = (run: string): number => running.filter((one) => one === run).length;
  const startNext = (): void => {
    // The run with the fewest steps goes first: the parts of a large dump do not hold up a small job.
    const [next] = [...queue].sort((a, b) => stepsOf(a.run) - stepsOf(b.run));
    if (next === undefined || running.length >= most) return;
    queue.splice(queue.indexOf(next), 1);
    running.push(next.run);
    next.start();
  };
  const leaveOnce = (run: string): (() => void) => {
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      running.splice(running.indexOf(run), 1);
      startNext();
    };
  };
  return {
    async enter(step, { run, task }, { signal, onProgress }, logger) {
      if (running.length < most) running.push(run);
      else {
        const waiting = `for one of ${String(most)} step processes`;
        logger.info('A step waits until another step of this worker ends.', { run, task, step, running: most });
        const report = (): void => {
          onProgress({ step, waiting });
        };
        report();
        const timer = setInterval(report, REPORT_MILLISECONDS);
        await untilStarted(queue, run, signal).finally(() => {
          clearInterval(timer);
        });
      }
      return leaveOnce(run);
    },
  };
}

function untilStarted(queue: Waiting[], run: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      queue.splice(queue.indexOf(entry), 1);
      reject(signal.reason as Error);
    };
    const entry: Waiting = {
      run,
      start() {
        signal.removeEventListener('abort', onAbort);
        resolve();
      },
    };
    queue.push(entry);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
