/** Hundreds of jobs that are stored at once, by one and by two. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configDigest } from '../../../src/job/effective/config-digest.ts';
import { parseJob } from '../../../src/job/parse-job.ts';
import { findStoredJob, listStoredJobs } from '../../../src/postgres/ledger/job-rows.ts';
import { deleteJob, setActive } from '../../../src/postgres/ledger/job-switches.ts';
import { openPool, type Pool } from '../../../src/postgres/pool.ts';
import { storeVersions, type VersionToStore } from '../../../src/postgres/ledger/store-versions.ts';
import { linesJob, testCatalog } from '../../support/engine.ts';
import { describeWithPostgres, testDatabase, type TestDatabase } from '../../support/postgres.ts';

const HOW_MANY = 1100;

const parsed = await parseJob(JSON.stringify(linesJob('lines.jsonl')), { catalog: testCatalog });

describeWithPostgres('storeVersions', () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await testDatabase();
    pool = openPool({ url: database.url });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const version = (id: string, more: { title?: string; active?: boolean; expected?: number } = {}): VersionToStore => {
    const { expected, ...given } = more;
    const config = JSON.stringify({ ...linesJob('lines.jsonl', { id }), ...given });
    if (parsed.job === undefined) throw new Error('the job of the test is wrong');
    return {
      job: { ...parsed.job, id, ...given },
      config,
      digest: configDigest(config),
      ...(expected === undefined ? {} : { expected }),
    };
  };
  const many = (prefix: string, more: { title?: string; expected?: number } = {}): VersionToStore[] =>
    Array.from({ length: HOW_MANY }, (_none, n) => version(`${prefix}-${String(n)}`, more));

  it('numbers the versions of each job, and stores none twice', async () => {
    expect(await storeVersions(pool, many('many'), 'ada')).toEqual(Array(HOW_MANY).fill({ version: 1 }));
    expect(await storeVersions(pool, many('many'), 'ada')).toEqual(Array(HOW_MANY).fill({ version: 1 }));
    const some = [version('many-0', { title: 'Changed' }), version('many-new'), version('many-1')];
    expect(await storeVersions(pool, some, 'ada')).toEqual([{ version: 2 }, { version: 1 }, { version: 1 }]);
    expect(await findStoredJob(pool, 'many-0')).toMatchObject({ version: 2, title: 'Changed', stored_by: 'ada' });
  });

  it('lets one of two win who store the same jobs in another order, and never both wait', async () => {
    const mine = many('raced', { title: 'Mine', expected: 0 });
    const theirs = many('raced', { title: 'Theirs', expected: 0 }).toReversed();
    const [first, second] = await Promise.all([storeVersions(pool, mine, 'me'), storeVersions(pool, theirs, 'them')]);
    const won = [...first, ...second].filter((result) => 'version' in result);
    expect(won).toHaveLength(HOW_MANY);
    const conflicts = [...first, ...second].flatMap((result) =>
      'conflict' in result ? [result.conflict.message] : [],
    );
    expect(conflicts).toHaveLength(HOW_MANY);
    expect(conflicts[0]).toMatch(/Expected job raced-\d+ not to be stored yet, but it has version 1, by (me|them) at/);
  });

  it('stores none where one of them cannot be stored', async () => {
    const broken = { ...version('whole-2'), config: 'not JSON' };
    await expect(storeVersions(pool, [version('whole-1'), broken], 'ada')).rejects.toThrow();
    expect((await listStoredJobs(pool)).filter(({ id }) => id.startsWith('whole'))).toEqual([]);
  });

  it('keeps a switch by hand until the config says otherwise, and brings a deleted job back', async () => {
    await storeVersions(pool, [version('switched'), version('gone')], 'ada');
    await setActive(pool, 'switched', false, 'grace');
    await storeVersions(pool, [version('switched', { title: 'Changed' })], 'ada');
    expect(await findStoredJob(pool, 'switched')).toMatchObject({ active: false, active_changed_by: 'grace' });
    await storeVersions(
      pool,
      [version('switched', { active: false }), version('switched-too', { active: false })],
      'ada',
    );
    await storeVersions(pool, [version('switched', { active: true })], 'ada');
    expect(await findStoredJob(pool, 'switched')).toMatchObject({ active: true, active_changed_by: null });
    await deleteJob(pool, 'gone', 'grace');
    expect(await storeVersions(pool, [version('gone', { expected: 0 })], 'ada')).toEqual([{ version: 1 }]);
    expect(await findStoredJob(pool, 'gone')).toMatchObject({ version: 1 });
  });
});
