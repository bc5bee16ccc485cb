/**
 * A schedule handle whose `update` uses an existing description. The SDK's handle describes the schedule again, which
 * is most of its cost, and sends no token, so a change in between, such as a pause, would be undone. With the token of
 * the description, the server drops an update that comes too late, without an error.
 *
 * Only published interfaces are used: a client accepts any `ConnectionLike`, and a service of `@temporalio/proto` any
 * implementation of its calls. Nothing of the SDK is patched.
 */
import { ScheduleClient, type Client, type ConnectionLike } from '@temporalio/client';
import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
// The package exports nothing by name to Node's ESM.
import proto from '@temporalio/proto';
import { InternalError } from '../errors.ts';

const { WorkflowService, DescribeScheduleResponse, UpdateScheduleRequest } = proto.temporal.api.workflowservice.v1;
type RpcImpl = Parameters<typeof WorkflowService.create>[0];

export function describedHandle({ schedule }: Client, { scheduleId, raw }: ScheduleDescription): ScheduleHandle {
  const { connection, options } = schedule;
  const { rpcImpl, requestDelimited, responseDelimited } = connection.workflowService;
  const call: RpcImpl = (method, request, callback) => {
    if (method.name === 'DescribeSchedule') callback(null, DescribeScheduleResponse.encode(raw).finish());
    else if (method.name === 'UpdateSchedule' && rpcImpl !== null) {
      const update = UpdateScheduleRequest.decode(request);
      if (raw.conflictToken instanceof Uint8Array) update.conflictToken = raw.conflictToken;
      rpcImpl(method, UpdateScheduleRequest.encode(update).finish(), callback);
    } else callback(unexpected(method.name));
  };
  const described: ConnectionLike = {
    workflowService: WorkflowService.create(call, requestDelimited, responseDelimited),
    operatorService: connection.operatorService,
    plugins: connection.plugins,
    close: () => connection.close(),
    ensureConnected: () => connection.ensureConnected(),
    withDeadline: (deadline, work) => connection.withDeadline(deadline, work),
    withMetadata: (metadata, work) => connection.withMetadata(metadata, work),
    withAbortSignal: (signal, work) => connection.withAbortSignal(signal, work),
  };
  return new ScheduleClient({ ...options, connection: described }).getHandle(scheduleId);
}

/** After an upgrade of the SDK whose handle updates a schedule in another way. A test then fails first. */
function unexpected(method: string): InternalError {
  return new InternalError('E_INTERNAL', `The update of a schedule called ${method}, which it should not need.`);
}
