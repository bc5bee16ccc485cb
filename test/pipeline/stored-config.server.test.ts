/** Which runs from a file store it as a version of the job. None undoes a schedule: only `apply` changes schedules. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findStoredJob } from '../../src/postgres/ledger/job-rows.ts';
import { listVersions } from '../../src/postgres/ledger/job-versions.ts';
import { configDigest } from '../../src/job/effective/config-digest.ts';
import { assertJob } from '../../src/job/parse-job.ts';
import { storeVersion } from '../../src/postgres/ledger/store-versions.ts';
import type { RunReport } from '../../src/records/run.ts';
import { linesJob, openTestEngine, runJobOnce, testCatalog, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const DAILY = { type: 'crontab', minute: 0, hour: 3, timezone: 'UTC' };
const HALF_MINUTE = { type: 'interval', seconds: 30 };

describeWithPostgres('the version that a run from a file stores', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(() => test.close());

  const job = (more: Readonly<Record<string, unknown>> = {}) => linesJob(test.file('a.jsonl', '{"id":"a"}\n'), more);
  const start = (more: Readonly<Record<string, unknown>>, mode: 'run' | 'plan' = 'run'): Promise<RunReport> =>
    runJobOnce(test.steps, job(more), { request: { mode, force: true } });
  const versions = async (): Promise<number> => (await listVersions(test.pool, 'lines')).length;
  const stored = async (): Promise<unknown> =>
    JSON.parse((await findStoredJob(test.pool, 'lines'))?.config ?? '{}') as unknown;

  it('is the first one where the job is new, whatever its schedule', async () => {
    expect(await start({ schedule: DAILY })).toMatchObject({ version: 1 });
    expect(await stored()).toMatchObject({ schedule: DAILY });
  });

  it('is a new one where the file differs in anything but the schedule', async () => {
    await start({ schedule: DAILY });
    expect(await start({ schedule: DAILY, title: 'Other' })).toMatchObject({ version: 2 });
    // The order of keys is no difference.
    const turned = Object.fromEntries(Object.entries(DAILY).reverse());
    expect(await start({ schedule: turned, title: 'Third' })).toMatchObject({ version: 3 });
  });

  it.each([
    ['has another schedule', { schedule: DAILY }],
    ['has none', {}],
  ])('is none where the file %s', async (_what, old) => {
    await storeVersionOf({ schedule: HALF_MINUTE });
    const report = await start({ ...old, title: 'From an old file' });
    expect(report).toMatchObject({ outcome: 'success', version: null, title: 'From an old file' });
    expect(await versions()).toBe(1);
    expect(await stored()).toMatchObject({ schedule: HALF_MINUTE, title: 'Lines' });
  });

  it('is none for a plan, of a new job and of a stored one', async () => {
    expect(await start({ title: 'Tried' }, 'plan')).toMatchObject({ version: null });
    expect(await versions()).toBe(0);
    await storeVersionOf({ schedule: HALF_MINUTE });
    await start({ schedule: HALF_MINUTE, title: 'Tried' }, 'plan');
    expect(await versions()).toBe(1);
    expect(await stored()).toMatchObject({ title: 'Lines' });
  });

  async function storeVersionOf(more: Readonly<Record<string, unknown>>): Promise<void> {
    const config = JSON.stringify(job(more));
    await storeVersion(
      test.pool,
      { job: await assertJob(config, { catalog: testCatalog }), config, digest: configDigest(config) },
      'Ada',
    );
  }
});
