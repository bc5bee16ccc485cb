import { Client, type ConnectionLike, type ScheduleDescription } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { expect, it } from 'vitest';
import { describedHandle } from '../../src/temporal/described-handle.ts';

const { WorkflowService, UpdateScheduleRequest, UpdateScheduleResponse } = temporal.api.workflowservice.v1;

interface Call {
  readonly method: string;
  readonly request: Uint8Array;
}

/** A client of a server that accepts every update, and the calls that reach it. */
function recordingClient(): { readonly client: Client; readonly calls: readonly Call[] } {
  const calls: Call[] = [];
  const workflowService = WorkflowService.create((method, request, callback) => {
    calls.push({ method: method.name, request });
    callback(null, UpdateScheduleResponse.encode({}).finish());
  });
  const refuse = (): never => {
    throw new Error('not needed here');
  };
  const connection: ConnectionLike = {
    workflowService,
    operatorService: temporal.api.operatorservice.v1.OperatorService.create(refuse),
    plugins: [],
    close: () => Promise.resolve(),
    ensureConnected: () => Promise.resolve(),
    withDeadline: refuse,
    withMetadata: refuse,
    withAbortSignal: refuse,
  };
  return { client: new Client({ connection, namespace: 'here', identity: 'the test' }), calls };
}

const TOKEN = new Uint8Array([7, 8, 9]);
const description = {
  scheduleId: 'vocab-sync/job',
  raw: {
    conflictToken: TOKEN,
    info: { createTime: { seconds: 1_700_000_000 } },
    schedule: {
      spec: { interval: [{ interval: { seconds: 60 } }] },
      action: { startWorkflow: { workflowId: 'old', workflowType: { name: 'runJob' }, taskQueue: { name: 'old' } } },
      state: { paused: true, notes: 'by an operator' },
    },
  },
} as unknown as ScheduleDescription;

it('updates a schedule with one call, on the basis of its description', async () => {
  const { client, calls } = recordingClient();
  await describedHandle(client, description).update(({ state }) => ({
    spec: { intervals: [{ every: '2m' }] },
    action: { type: 'startWorkflow', workflowType: 'runJob', workflowId: 'new', taskQueue: 'new' },
    state,
  }));
  expect(calls.map(({ method }) => method)).toEqual(['UpdateSchedule']);
  const request = UpdateScheduleRequest.decode(calls[0]?.request ?? new Uint8Array());
  expect(Buffer.from(request.conflictToken).equals(TOKEN)).toBe(true);
  expect(request).toMatchObject({ namespace: 'here', scheduleId: 'vocab-sync/job', identity: 'the test' });
  expect(request.schedule?.action?.startWorkflow).toMatchObject({ workflowId: 'new', taskQueue: { name: 'new' } });
  expect(request.schedule?.state).toMatchObject({ paused: true, notes: 'by an operator' });
});

it('calls nothing else: another version of the SDK that needs more is noticed', async () => {
  const { client, calls } = recordingClient();
  await expect(describedHandle(client, description).delete()).rejects.toMatchObject({
    cause: { code: 'E_INTERNAL', message: expect.stringContaining('DeleteSchedule') as string },
  });
  expect(calls).toEqual([]);
});
