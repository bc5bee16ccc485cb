/** What happens when somebody is at the schedule in Temporal between the look at it and the change of it. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Schedule } from '../../src/job/schema/job.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { planSchedule } from '../../src/temporal/plan-schedule.ts';
import { carryOut, reconcileSchedule } from '../../src/temporal/reconcile-schedule.ts';
import type { ScheduledJob } from '../../src/temporal/schedule-definition.ts';
import { deleteSchedule, findSchedule, pauseSchedule, scheduleId } from '../../src/temporal/schedule-state.ts';
import { describeWithTemporal, testTemporal } from '../support/temporal-server.ts';

const YEARLY: Schedule = {
  type: 'crontab',
  cron: '30 3 1 1 *',
  timezone: 'Europe/Zurich',
  days: 'either',
  jitter_seconds: 0,
  overlap: 'skip',
  catchup_window_seconds: 3600,
};

describeWithTemporal('reconcileSchedule', () => {
  let temporal: TemporalClient;
  const id = `reconciled-${String(process.pid)}-${String(Date.now())}`;
  const job = (more: Partial<ScheduledJob> = {}): ScheduledJob => ({
    id,
    title: 'Reconciled',
    queue: 'nobody-polls',
    active: true,
    schedule: YEARLY,
    searchAttributes: true,
    ...more,
  });

  beforeAll(async () => {
    const { address, namespace } = await testTemporal();
    temporal = await connectTemporal({ connectionOptions: { address }, namespace });
  });
  afterEach(async () => {
    await deleteSchedule(temporal.client, id);
  });
  afterAll(() => temporal.close());

  it('lets a pause stand that was made after the look, and sets the rest', async () => {
    const { client } = temporal;
    await reconcileSchedule(client, job());
    const plan = await planSchedule(client, job({ title: 'Another title' }));
    await pauseSchedule(client, id, 'the source moves today');
    expect(await carryOut(client, plan)).toMatchObject({
      action: 'updated',
      differed: ['title'],
      paused: true,
      keptPause: 'the source moves today',
      next: null,
    });
    const found = await findSchedule(client, id);
    expect(found).toMatchObject({ paused: true, note: 'the source moves today' });
    expect(found?.description.action.memo?.['title']).toBe('Another title');
  });

  it('never undoes such a pause where it does not look again', async () => {
    const { client } = temporal;
    await reconcileSchedule(client, job());
    const plan = await planSchedule(client, job({ title: 'Another title' }));
    await pauseSchedule(client, id, 'the source moves today');
    await carryOut(client, plan, { withNext: false });
    expect(await findSchedule(client, id)).toMatchObject({ paused: true, note: 'the source moves today' });
    // The next one sets what this one could not.
    expect(await reconcileSchedule(client, job({ title: 'Another title' }))).toMatchObject({ action: 'updated' });
  });

  it('makes one again that was deleted after the look', async () => {
    const { client } = temporal;
    await reconcileSchedule(client, job());
    const plan = await planSchedule(client, job({ queue: 'elsewhere' }));
    await deleteSchedule(client, id);
    expect(await carryOut(client, plan)).toMatchObject({ action: 'created' });
    expect((await findSchedule(client, id))?.description.action.taskQueue).toBe('elsewhere');
  });

  it('takes one that somebody else made after the look for what it is', async () => {
    const { client } = temporal;
    const plans = await Promise.all([planSchedule(client, job(), true), planSchedule(client, job(), true)]);
    const done = await Promise.all(plans.map((plan) => carryOut(client, plan)));
    expect(done.map(({ action }) => action).toSorted()).toEqual(['created', 'unchanged']);
    await deleteSchedule(client, id);
    const plan = await planSchedule(client, job(), true);
    await client.schedule.create({
      scheduleId: scheduleId(id),
      spec: { intervals: [{ every: '7d' }] },
      action: { type: 'startWorkflow', workflowType: 'somethingElse', taskQueue: 'elsewhere' },
    });
    expect(await carryOut(client, plan)).toMatchObject({ action: 'foreign' });
    await client.schedule.getHandle(scheduleId(id)).delete();
  });

  it('says of one whose end has passed that it starts nothing any more, and makes no new one', async () => {
    const { client } = temporal;
    const over = job({ schedule: { ...YEARLY, end_at: '2020-01-01T00:00:00.000Z' } });
    expect(await reconcileSchedule(client, over)).toMatchObject({ action: 'ended' });
    await reconcileSchedule(client, job());
    expect(await reconcileSchedule(client, over)).toMatchObject({ action: 'updated', isOver: true, next: null });
  });

  it('says what Temporal has against a schedule', async () => {
    const schedule = { ...YEARLY, timezone: 'Middle_Earth/Shire' };
    await expect(reconcileSchedule(temporal.client, job({ schedule }))).rejects.toMatchObject({
      code: 'E_SCHEDULE_REFUSED',
      message: expect.stringMatching(
        new RegExp(`^Temporal does not take the schedule of job ${id}: .*Middle_Earth/Shire`),
      ) as string,
    });
  });
});
