/** Stored jobs from the command line, on real servers: versions, diffs, two people at once, export and import, deletion. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Applied } from '../../src/cli/commands/apply/apply-jobs.ts';
import { configDigest } from '../../src/job/effective/config-digest.ts';
import { assertJob } from '../../src/job/load-job.ts';
import { findStoredJob } from '../../src/postgres/ledger/job-rows.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { storeVersion } from '../../src/postgres/ledger/store-versions.ts';
import type { RunReport } from '../../src/records/run.ts';
import { linesJob, testCatalog } from '../support/engine.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startCliWorker, type CliWorker } from './start-cli-worker.ts';
import { runWords, type RunResult, type RunWordsOptions } from './run-words.ts';

describeWithServers('stored jobs', () => {
  let cwd: string;
  let database: TestDatabase;
  let pool: Pool;
  let worker: CliWorker;
  let env: Readonly<Record<string, string>>;
  const unique = `${String(process.pid)}-${String(Date.now())}`;
  const one = `one-${unique}`;
  const two = `two-${unique}`;

  beforeAll(async () => {
    cwd = makeTempDir();
    mkdirSync(join(cwd, 'jobs'));
    writeFileSync(join(cwd, 'lines.jsonl'), '{"id": "a"}\n{"id": "b"}\n');
    database = await testDatabase();
    const server = await testTemporal();
    env = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
    pool = openPool({ url: database.url });
    worker = await startCliWorker(env, cwd, `apply-${unique}`);
  });
  afterAll(async () => {
    await worker.stop();
    await pool.end();
    await database.drop();
    rmSync(cwd, { recursive: true, force: true });
  });

  const cli = (words: readonly string[], more: Partial<RunWordsOptions> = {}): Promise<RunResult> =>
    runWords(words, { cwd, env, ...more });
  const json = async <T>(...words: readonly string[]): Promise<T> =>
    JSON.parse((await cli([...words, '--json'])).stdout) as T;
  const config = (id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
    ...linesJob(join(cwd, 'lines.jsonl'), { id, queue: `apply-${unique}` }),
    ...more,
  });
  const write = (id: string, more: Readonly<Record<string, unknown>> = {}): void => {
    writeFileSync(join(cwd, 'jobs', `${id}.json`), JSON.stringify(config(id, more)));
  };

  it('stores the jobs of the folder once, and says so the second time', async () => {
    write(one);
    write(two);
    expect((await cli(['apply'])).stdout).toBe(
      `new        ${one}: version 1\nnew        ${two}: version 1\n2 jobs: 2 new\n`,
    );
    expect((await cli(['apply'])).stdout).toBe(
      `unchanged  ${one}: version 1\nunchanged  ${two}: version 1\n2 jobs: 2 unchanged\n`,
    );
  });

  it('shows what differs; a dry run stores nothing', async () => {
    write(one, { title: 'Other lines', guards: { min_records: 1 } });
    const dry = await cli(['apply', '--dry-run']);
    expect(dry.stdout).toContain(`    ~ /title: "Lines" → "Other lines"\n`);
    expect(dry.stdout).toContain(`    + /guards: {"min_records":1}\n`);
    expect(dry.stdout).toContain('a dry run, nothing was stored');
    expect(await json('job', 'show', one)).toMatchObject({ version: 1, title: 'Lines' });
    const applied = await json<Applied>('apply');
    expect(applied.jobs[0]).toMatchObject({ job: one, status: 'changed', version: 2, previous: { version: 1 } });
    const { stdout } = await cli(['job', 'versions', one, '--diff']);
    expect(stdout).toMatch(/^2 {2}\d{4}-.* UTC {2}\S+ {2}2 changes\n {4}~ \/title: "Lines" → "Other lines"\n/);
  });

  it('keeps a job whose file is missing, and names it', async () => {
    rmSync(join(cwd, 'jobs', `${two}.json`));
    expect((await cli(['apply'])).stdout).toContain(`only stored, left as they are: ${two} (`);
    expect((await cli(['job', 'list'])).stdout).toContain(two);
  });

  it('stores nothing when one of the files is wrong', async () => {
    write('broken', { readers: [{ type: 'nope' }] });
    write(one, { title: 'Never stored' });
    const { code, stderr } = await cli(['apply']);
    expect(code).toBe(2);
    expect(stderr).toContain('broken.json has 1 problem');
    expect(stderr).toContain('Nothing was stored.');
    expect(await json('job', 'show', one)).toMatchObject({ title: 'Other lines' });
    rmSync(join(cwd, 'jobs', 'broken.json'));
  });

  it('lets one of two win who store at once, and tells the other', async () => {
    const store = async (title: string): Promise<number> => {
      const text = JSON.stringify(config(one, { title }));
      return storeVersion(
        pool,
        { job: await assertJob(text, { catalog: testCatalog }), config: text, digest: configDigest(text) },
        title,
        2,
      );
    };
    const results = await Promise.allSettled([store('ada'), store('grace')]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const loser = results.find((result) => result.status === 'rejected');
    expect(String(loser?.reason)).toMatch(
      /Expected version 2 of job .* to be the newest, but it has version 3, by (ada|grace) at/,
    );
  });

  it('exports an older version that can be imported again', async () => {
    const { stdout } = await cli(['job', 'export', one, '--job-version', '1']);
    expect(JSON.parse(stdout)).toEqual(config(one));
    const imported = await cli(['job', 'import', '-', '--json'], { stdin: stdout });
    expect(JSON.parse(imported.stdout)).toMatchObject({ jobs: [{ job: one, status: 'changed', version: 4 }] });
    expect((await cli(['job', 'versions', one, '--from', '1', '--to', '4'])).stdout).toContain('0 changes');
  });

  it('keeps a switch by hand until the file says otherwise', async () => {
    write(one);
    expect(await json('job', 'deactivate', one)).toMatchObject({ active: false, changed: true });
    expect((await cli(['apply'])).stdout).toMatch(/deactivated by .*; apply does not change this/);
    expect(await json('job', 'show', one)).toMatchObject({ active: false });
    write(one, { active: false });
    await cli(['apply']);
    write(one, { active: true });
    const { stdout } = await cli(['apply']);
    expect(stdout).toContain('~ /active: false → true');
    expect(await json('job', 'show', one)).toMatchObject({ active: true, active_changed: null });
  });

  it('runs the stored job where no file has its name, also when it is not active', async () => {
    await cli(['job', 'deactivate', two]);
    const { stdout, stderr, code } = await cli(['run', two, '--json']);
    expect(stderr).toContain(`Job ${two}: stored version 1`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ job: two, outcome: 'success' });
    const unknown = await cli(['run', `${two}x`]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('no stored job');
  });

  it('asks before it deletes, refuses during a run, and keeps the history', async () => {
    const wrong = await cli(['job', 'delete', two], { stdin: 'yes\n' });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(
      `Expected the name ${two} as confirmation, or --yes, found "yes". Nothing was deleted.`,
    );
    const planned = await json<RunReport>('plan', two, '--force');
    expect(planned.phase).toBe('waiting');
    const refused = await cli(['job', 'delete', two, '--yes']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`Expected no run of job ${two} to be active, found ${planned.run} (waiting).`);
    await cli(['discard', planned.run]);
    expect((await cli(['job', 'delete', two], { stdin: `${two}\n` })).code).toBe(0);
    expect(await findStoredJob(pool, two)).toBeUndefined();
    expect((await cli(['job', 'versions', two])).stdout).toMatch(/^1 {2}/);
    expect((await json<{ runs: unknown[] }>('runs', two)).runs.length).toBeGreaterThan(0);
    expect((await cli(['job', 'show', two])).stderr).toMatch(
      /Expected a stored job ".*", found none \(.* deleted it at/,
    );
  });
});
