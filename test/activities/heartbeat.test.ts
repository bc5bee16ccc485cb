import { ActivityCancellationDetails, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/create-activities.ts';
import type { HeartbeatDetails } from '../../activities/heartbeat.ts';
import { activityEnding } from '../../activities/interceptor.ts';
import { endlessStep, fakeRunSteps } from '../support/fake-run-steps.ts';

const STAGE = { run: 'run-1', task: 'main', partition: 0 };

function environment(heartbeatTimeoutMs = 60_000) {
  const env = new MockActivityEnvironment(
    { heartbeatTimeoutMs, attempt: 3 },
    { interceptors: [activityEnding((text) => text)], logger: new DefaultLogger('ERROR') },
  );
  const beats: HeartbeatDetails[] = [];
  env.on('heartbeat', (details: HeartbeatDetails) => beats.push(details));
  return { env, beats };
}

/** What the activity ended with. */
function endOf(running: Promise<unknown>): Promise<unknown> {
  return running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe('an activity', () => {
  it('shows what its step waits for', async () => {
    const { env, beats } = environment(30);
    const waiting = 'for one of 4 step processes';
    const activities = createActivities(
      fakeRunSteps({
        stagePartition: async (_input, { onProgress }) => {
          onProgress({ step: 'stagePartition', waiting });
          await new Promise<void>((resolve) => {
            env.on('heartbeat', () => {
              resolve();
            });
          });
          return { counts: { read: 0, filtered: 0, duplicates: 0, rejected: 0, staged: 0 } };
        },
      }),
      {},
    );
    await env.run(activities.stagePartition, STAGE);
    expect(beats).toContainEqual({ step: 'stagePartition', waiting, attempt: 3 });
  });

  it('heartbeats on entry and while it works, with what the step told', async () => {
    const { env, beats } = environment(30);
    const counts = { read: 4, filtered: 0, duplicates: 0, rejected: 0, staged: 4 };
    const activities = createActivities(
      fakeRunSteps({
        stagePartition: async (_input, { onProgress }) => {
          expect(beats).toEqual([{ attempt: 3 }]);
          onProgress({ step: 'stage', position: 'json:4', counts });
          await new Promise<void>((resolve) => {
            env.on('heartbeat', () => {
              resolve();
            });
          });
          return { counts };
        },
      }),
      {},
    );
    await env.run(activities.stagePartition, STAGE);
    expect(beats[1]).toEqual({ step: 'stage', position: 'json:4', counts, attempt: 3 });
  });

  it('says how far it is in percent where the size is known', async () => {
    const { env, beats } = environment(30);
    const activities = createActivities(
      fakeRunSteps({
        fetchSource: async (_input, { onProgress }) => {
          onProgress({ step: 'fetch', bytes: 30, totalBytes: 120 });
          await new Promise<void>((resolve) => {
            env.on('heartbeat', () => {
              resolve();
            });
          });
          return { kind: 'unchanged', reason: 'nothing new', source: null };
        },
      }),
      {},
    );
    await env.run(activities.fetchSource, { run: 'run-1', task: 'main' });
    expect(beats[1]).toEqual({ step: 'fetch', bytes: 30, totalBytes: 120, percent: 25, attempt: 3 });
  });

  it.each([
    ['cancelRequested', 'CANCELLED'],
    ['paused', 'PAUSED'],
    ['reset', 'RESET'],
    ['notFound', 'NOT_FOUND'],
  ] as const)('ends with the reason that Temporal gave when it was aborted: %s', async (flag, reason) => {
    const { env } = environment();
    const endless = endlessStep();
    const activities = createActivities(fakeRunSteps({ stagePartition: endless.step }), {});
    const end = endOf(env.run(activities.stagePartition, STAGE));
    await endless.entered;
    env.cancel(reason, new ActivityCancellationDetails({ [flag]: true }));
    const thrown = await end;
    expect(thrown).toBeInstanceOf(CancelledFailure);
    expect(thrown).toMatchObject({ message: reason });
  });

  it('hands over at once when the worker shuts down', async () => {
    const { env } = environment();
    const endless = endlessStep();
    const activities = createActivities(fakeRunSteps({ stagePartition: endless.step }), {});
    const end = endOf(env.run(activities.stagePartition, STAGE));
    await endless.entered;
    env.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
    const thrown = await end;
    expect(thrown).toBeInstanceOf(ApplicationFailure);
    expect(thrown).toMatchObject({
      type: 'WorkerShutdown',
      nonRetryable: false,
      nextRetryDelay: 1,
      category: 'BENIGN',
    });
  });

  it('that tells nothing for too long is aborted and tried again', async () => {
    const { env, beats } = environment(30);
    const endless = endlessStep();
    const activities = createActivities(fakeRunSteps({ stagePartition: endless.step }), { stallMilliseconds: 60 });
    const thrown = await endOf(env.run(activities.stagePartition, STAGE));
    expect(thrown).toMatchObject({ type: 'E_STEP_STALLED', nonRetryable: false });
    expect(beats.length).toBeLessThan(20);
  });
});
