/** Applies of many jobs that go wrong half-way, and two of them at once, on real servers. */
import { rmSync } from 'node:fs';
import type { Client, ScheduleOptions } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyJobs, type Applied } from '../../src/cli/commands/apply/apply-jobs.ts';
import { renderApplied } from '../../src/cli/render/render-applied.ts';
import type { JobToApply } from '../../src/cli/commands/apply/read-job-files.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import { listStoredJobs } from '../../src/postgres/ledger/job-rows.ts';
import { listVersions } from '../../src/postgres/ledger/job-versions.ts';
import { deleteSchedule, findSchedule } from '../../src/temporal/schedule-state.ts';
import { linesJob, testCatalog } from '../support/engine.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

const MANY = 60;

describeWithServers('an apply of many jobs', () => {
  let bench: CliBench;
  const made = new Set<string>();
  beforeAll(async () => {
    bench = await openCliBench();
  });
  afterAll(async () => {
    for (const id of made) await deleteSchedule(bench.temporal.client, id);
    await bench.close();
    rmSync(bench.cwd, { recursive: true, force: true });
  });

  const jobOf = async (id: string, schedule: object): Promise<JobToApply> => {
    made.add(id);
    const config = JSON.stringify(linesJob('lines.jsonl', { id, queue: bench.queue, schedule }));
    const { job, problems } = await parseJob(config, { catalog: testCatalog });
    if (job === undefined) throw new Error(JSON.stringify(problems));
    return { job, config, file: `${id}.json` };
  };
  const many = (prefix: string, cron = '30 3 1 1 *'): Promise<JobToApply[]> =>
    Promise.all(
      Array.from({ length: MANY }, (_none, n) => jobOf(bench.job(`${prefix}-${String(n)}`), { type: 'crontab', cron })),
    );
  const apply = (jobs: readonly JobToApply[], client: Client = bench.temporal.client, by = 'ada'): Promise<Applied> =>
    applyJobs({ pool: bench.pool, client, searchAttributes: true, catalog: testCatalog }, jobs, { by, dryRun: false });
  const actions = ({ jobs }: Applied): Set<string | undefined> => new Set(jobs.map(({ schedule }) => schedule?.action));

  /** As if Temporal went away after so many schedules were made. */
  const leavingAfter = (creates: number): Client => {
    const { client } = bench.temporal;
    let left = creates;
    const create = (options: ScheduleOptions) => {
      left -= 1;
      if (left >= 0) return client.schedule.create(options);
      const cause = Object.assign(new Error('grpc'), { code: 14, details: 'connection refused' });
      return Promise.reject(Object.assign(new Error('Failed to create schedule'), { cause }));
    };
    const schedule: unknown = Object.create(client.schedule, { create: { value: create } });
    return Object.create(client, { schedule: { value: schedule } }) as Client;
  };

  it('says how far it came when Temporal goes away, and the next one goes on from there', async () => {
    const jobs = await many('broken-off');
    await expect(apply(jobs, leavingAfter(20))).rejects.toMatchObject({
      code: 'E_TEMPORAL_UNAVAILABLE',
      message: expect.stringMatching(
        /^Could not create the schedule .*: connection refused\. The jobs are stored, .* set: apply again when Temporal is back/,
      ) as string,
    });
    const applied = await apply(jobs);
    expect(actions(applied)).toEqual(new Set(['created', 'unchanged']));
    expect(applied.jobs.every(({ status, version }) => status === 'unchanged' && version === 1)).toBe(true);
    expect(actions(await apply(jobs))).toEqual(new Set(['unchanged']));
  });

  it('by two at once stores each version once and makes each schedule once', async () => {
    const jobs = await many('twice');
    const [first, second] = await Promise.all([apply(jobs), apply(jobs.toReversed(), undefined, 'grace')]);
    expect([...actions(first), ...actions(second)].every((action) => /^(created|unchanged)$/.test(action ?? ''))).toBe(
      true,
    );
    expect(first.jobs.concat(second.jobs).every(({ version }) => version === 1)).toBe(true);
    const changed = await many('twice', '30 4 1 1 *');
    const rival = await many('twice', '30 5 1 1 *');
    const both = await Promise.all([apply(changed), apply(rival, undefined, 'grace')]);
    const statuses = both.map((applied) => new Set(applied.jobs.map(({ status }) => status)));
    // A command that began to read after the other had stored follows it. Otherwise one of the two stores everything.
    const winners = statuses.filter((status) => status.has('changed'));
    expect(statuses.every(({ size }) => size === 1)).toBe(true);
    expect(winners.length).toBeGreaterThan(0);
    const [one] = changed;
    if (one === undefined) throw new Error('there is a job');
    expect(await listVersions(bench.pool, one.job.id)).toHaveLength(1 + winners.length);
  });

  it('leaves no job without its schedule because Temporal does not take that of another', async () => {
    const jobs = (await many('refused')).slice(0, 5);
    const [wrong] = jobs;
    if (wrong === undefined) throw new Error('there is a job');
    await apply(jobs);
    // Known to Node in any spelling, to Temporal in one.
    const refused = await jobOf(wrong.job.id, { type: 'crontab', cron: '30 4 1 1 *', timezone: 'US/EASTERN' });
    const schedule = { type: 'crontab', cron: '30 4 1 1 *' };
    const rest = await Promise.all(jobs.slice(1).map(({ job }) => jobOf(job.id, schedule)));
    const applied = await apply([refused, ...rest]);
    expect(applied.jobs.map(({ schedule }) => schedule?.action)).toEqual(['refused', ...rest.map(() => 'updated')]);
    expect(renderApplied(applied, { dryRun: false, isFolder: false })).toContain(
      `    NOT SCHEDULED: Temporal does not take the schedule of job ${wrong.job.id}: unknown time zone US/EASTERN. The one in Temporal stays as it was. (E_SCHEDULE_REFUSED)\n`,
    );
    expect((await listStoredJobs(bench.pool)).find(({ id }) => id === wrong.job.id)?.version).toBe(2);
    expect((await findSchedule(bench.temporal.client, wrong.job.id))?.description.spec.timezone).not.toBe('US/EASTERN');
  });
});
