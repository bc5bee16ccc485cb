/**
 * The handle of a schedule whose `update` rests on a description that is at hand. That of the SDK describes the schedule
 * once more, which is most of its cost, and sends no token: what somebody did in between, such as a pause, would be
 * undone. With the token of the description the server drops an update that comes too late; it does not say so.
 */
import type { Client, ScheduleClient, ScheduleDescription, ScheduleHandle } from '@temporalio/client';

export function describedHandle({ schedule }: Client, { scheduleId, raw }: ScheduleDescription): ScheduleHandle {
  const service = schedule.workflowService;
  type Service = typeof service;
  const known = Object.assign(Object.create(service) as Service, {
    describeSchedule: () => Promise.resolve(raw),
    updateSchedule: (request: Parameters<Service['updateSchedule']>[0]) =>
      service.updateSchedule({ ...request, conflictToken: raw.conflictToken ?? null }),
  });
  return (Object.create(schedule, { workflowService: { value: known } }) as ScheduleClient).getHandle(scheduleId);
}
