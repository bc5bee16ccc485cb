/** What the steps of a run promise one by one: locks, leases, plans, guards, ownership, endings. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { UnavailableError } from '../../src/errors.ts';
import type { Isolation } from '../../src/pipeline/engine.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import { reportRun } from '../../src/pipeline/finish/report-run.ts';
import { setActive } from '../../src/postgres/ledger/job-switches.ts';
import type { RunRequest } from '../../src/records/run.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';

const lines = (count: number, value = 1): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ id: `r${String(i)}`, value })).join('\n');

describeWithPostgres('the steps of a run', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  const resolve = (config: Record<string, unknown>, run = randomUUID(), extra = {}) =>
    test.steps.resolveRun(
      {
        run,
        workflowId: `wf-${run}`,
        request: { job: 'lines', trigger: 'manual', config: JSON.stringify(config), ...extra },
      },
      stepContext(),
    );

  /** Until the plan, without publishing. */
  const plan = async (config: Record<string, unknown>, run = randomUUID()) => {
    await resolve(config, run);
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
    await test.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    const compared = await test.steps.compareTargets({ run, task: 'main' }, stepContext());
    return { run, compared };
  };

  const leftovers = async (): Promise<readonly string[]> => {
    const { rows } = await test.pool.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'vocab_sync' AND (tablename LIKE 'stage_%' OR tablename LIKE 'plan_%')`,
    );
    return rows.map(({ name }) => name);
  };

  it('lets one run hold a job, names the holder to the next, and takes over from one that was terminated', async () => {
    const config = linesJob(test.file('a.jsonl', lines(3)));
    const { run: first } = await plan(config);
    const second = await resolve(config);
    expect(second).toMatchObject({
      kind: 'skipped',
      holder: { run: first, workflowId: `wf-${first}`, phase: 'compare' },
    });

    test.closed.add(`wf-${first}`);
    expect(await resolve(config)).toMatchObject({ kind: 'ready' });
    expect(await leftovers()).toEqual([]);
    const { rows } = await test.pool.query('SELECT outcome, error FROM vocab_sync.run WHERE id = $1', [first]);
    expect(rows[0]).toMatchObject({ outcome: 'cancelled', error: { code: 'E_RUN_STATE' } });
  });

  it('answers a retried first step as the first time, with the since that was frozen', async () => {
    const config = linesJob(test.file('a.jsonl', lines(3)));
    const before = await runJobOnce(test.steps, config);
    const run = randomUUID();
    const first = await resolve(config, run, { force: true });
    expect(first).toMatchObject({ kind: 'ready', since: before.started_at });
    expect(await resolve(config, run)).toEqual(first);
  });

  it('has the process for its source started in time, in the modes that read one, and only once', async () => {
    let prepared = 0;
    const isolation: Isolation = {
      run: () => {
        throw new Error('no step of a source is run here');
      },
      prepare: () => {
        prepared += 1;
      },
    };
    const steps = createRunSteps({ ...test.engine, isolation });
    const config = linesJob(test.file('a.jsonl', 'not JSON\n'), { guards: { max_rejected_percent: 100 } });
    const { run: rejecting } = await runJobOnce(test.steps, config);
    const preparedBy = async (request: Omit<RunRequest, 'job'>): Promise<number> => {
      prepared = 0;
      const input = { run: randomUUID(), workflowId: randomUUID(), request: { job: 'lines', ...request } };
      const first = await steps.resolveRun(input, stepContext());
      expect(await steps.resolveRun(input, stepContext())).toEqual(first);
      test.closed.add(input.workflowId);
      return prepared;
    };
    const manual = { trigger: 'manual', config: JSON.stringify(config) } as const;
    expect(await preparedBy(manual)).toBe(1);
    expect(await preparedBy({ ...manual, mode: 'plan' })).toBe(1);
    expect(await preparedBy({ ...manual, mode: 'retry', retries: rejecting })).toBe(1);
    expect(await preparedBy({ ...manual, mode: 'verify' })).toBe(0);
    await expect(preparedBy({ ...manual, mode: 'resync' })).rejects.toMatchObject({ code: 'E_DRIFT_REFUSED' });
    expect(prepared).toBe(0);
    await setActive(test.pool, 'lines', false, 'Ada');
    expect(await preparedBy({ trigger: 'schedule' })).toBe(0);
  });

  it('ends as unchanged when the same bytes were published last, and reads them again with force', async () => {
    const config = linesJob(test.file('a.jsonl', lines(3)));
    expect((await runJobOnce(test.steps, config)).outcome).toBe('success');
    expect((await runJobOnce(test.steps, config)).outcome).toBe('unchanged');
    const forced = await runJobOnce(test.steps, config, { request: { force: true } });
    expect(forced).toMatchObject({ outcome: 'success', tasks: [{ targets: [{ unchanged: 3, inserted: 0 }] }] });
  });

  it('reads the same bytes again when another version was published between, and when the table is gone', async () => {
    const old = linesJob(test.file('old.jsonl', lines(3, 1)));
    const fresh = linesJob(test.file('new.jsonl', lines(3, 2)));
    await runJobOnce(test.steps, old);
    await runJobOnce(test.steps, fresh);
    expect(await runJobOnce(test.steps, old)).toMatchObject({
      outcome: 'success',
      tasks: [{ targets: [{ updated: 3 }] }],
    });
    await test.pool.query('DROP TABLE vocabularies.lines CASCADE');
    expect(await runJobOnce(test.steps, old)).toMatchObject({
      outcome: 'success',
      tasks: [{ targets: [{ inserted: 3 }] }],
    });
  });

  it('never touches a record of another job or one entered by hand', async () => {
    await runJobOnce(test.steps, linesJob(test.file('a.jsonl', '{"id":"mine","v":1}\n{"id":"gone","v":1}')));
    await test.pool.query(
      `INSERT INTO vocabularies.lines (id, record, hash, job_id) VALUES
       ('local', '{"id":"local","v":"by hand"}', '\\x00', NULL), ('theirs', '{"id":"theirs"}', '\\x00', 'other')`,
    );
    const next = '{"id":"mine","v":2}\n{"id":"local","v":2}\n{"id":"theirs","v":2}';
    const report = await runJobOnce(test.steps, linesJob(test.file('b.jsonl', next)));
    expect(report.outcome).toBe('partial');
    expect(report.tasks[0]?.targets[0]).toMatchObject({ updated: 1, withdrawn: 1, rejected: 2 });
    const rows = await readTable(test.pool, 'lines');
    expect(rows.map(({ id, record, withdrawn }) => [id, record['v'] ?? null, withdrawn])).toEqual([
      ['gone', 1, true],
      ['local', 'by hand', false],
      ['mine', 2, false],
      ['theirs', null, false],
    ]);
    const { rows: rejections } = await test.pool.query(
      'SELECT code, record_id, message FROM vocab_sync.rejection ORDER BY record_id',
    );
    expect(rejections).toMatchObject([
      { code: 'E_RECORD_OWNED', record_id: 'local', message: expect.stringContaining('entered locally') as string },
      { code: 'E_RECORD_OWNED', record_id: 'theirs', message: expect.stringContaining('job other') as string },
    ]);
  });

  it('refuses to publish another plan than the approved one, and a table that changed since', async () => {
    await runJobOnce(test.steps, linesJob(test.file('a.jsonl', lines(3))));
    const { run, compared } = await plan(linesJob(test.file('b.jsonl', lines(3, 2))));
    const apply = (planDigest: string) => test.steps.applyChanges({ run, task: 'main', planDigest }, stepContext());
    await test.pool.query(`UPDATE vocabularies.lines SET hash = '\\x01' WHERE id = 'r1'`);
    await expect(apply(compared.planDigest)).rejects.toMatchObject({ code: 'E_TARGET_CHANGED' });
    await expect(apply('another')).rejects.toMatchObject({ code: 'E_STAGE_LOST' });
    expect((await readTable(test.pool, 'lines')).map(({ record }) => record['value'])).toEqual([1, 1, 1]);
  });

  it('publishes once however often it is told to', async () => {
    const { run, compared } = await plan(linesJob(test.file('a.jsonl', lines(3))));
    const input = { run, task: 'main', planDigest: compared.planDigest };
    const answers = await Promise.all([1, 2, 3].map(() => test.steps.applyChanges(input, stepContext())));
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    const { rows } = await test.pool.query('SELECT count(*) AS n FROM vocab_sync.change');
    expect(rows[0]).toEqual({ n: 3 });
  });

  it('writes nothing more for a run that ended', async () => {
    const { run, compared } = await plan(linesJob(test.file('a.jsonl', lines(3))));
    await test.steps.finishRun({ run, outcome: 'cancelled' }, stepContext());
    expect(await leftovers()).toEqual([]);
    const late = test.steps.applyChanges({ run, task: 'main', planDigest: compared.planDigest }, stepContext());
    await expect(late).rejects.toMatchObject({ code: 'E_RUN_STATE' });
    expect(await readTable(test.pool, 'lines')).toEqual([]);
  });

  it('stages again after a crash took the unlogged tables', async () => {
    const config = linesJob(test.file('a.jsonl', lines(5)));
    const { run, compared } = await plan(config);
    await test.pool.query(`TRUNCATE vocab_sync.partition, vocab_sync.${(await leftovers()).join(', vocab_sync.')}`);
    const apply = () => test.steps.applyChanges({ run, task: 'main', planDigest: compared.planDigest }, stepContext());
    await expect(apply()).rejects.toMatchObject({ code: 'E_STAGE_LOST' });
    await test.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    const again = await test.steps.compareTargets({ run, task: 'main' }, stepContext());
    expect(again).toEqual(compared);
    expect(await apply()).toMatchObject({ targets: { 'postgres:lines': { inserted: 5 } } });
  });

  it('counts each warning once however often it compares, also those of the fetch', async () => {
    await runJobOnce(test.steps, linesJob(test.file('a.jsonl', lines(3))));
    await test.pool.query(`UPDATE vocabularies.lines SET record = '{"id":"r0"}' WHERE id = 'r0'`);
    await test.pool.query(`DELETE FROM vocabularies.lines WHERE id = 'r1'`);
    const { run, compared } = await plan(linesJob(test.file('b.jsonl', `${lines(2)}\n{"id": "r2", "val\n`)));
    const warned = async () => {
      const report = await reportRun({ pool: test.pool, webUi: () => null }, run);
      return report.tasks[0]?.warnings.map(({ code, count }) => [code, count]);
    };
    const first = await warned();
    expect(first).toEqual(
      expect.arrayContaining([
        ['W_TARGET_EDITED', expect.any(Number)],
        ['W_WITHDRAWALS_POSTPONED', 1],
      ]),
    );

    await test.pool.query(`TRUNCATE vocab_sync.partition, vocab_sync.${(await leftovers()).join(', vocab_sync.')}`);
    await test.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    expect(await test.steps.compareTargets({ run, task: 'main' }, stepContext())).toEqual(compared);
    expect(await warned()).toEqual(first);
  });

  it('withdraws nothing while a rejected record may be the absent one', async () => {
    await runJobOnce(test.steps, linesJob(test.file('a.jsonl', lines(3))));
    const report = await runJobOnce(test.steps, linesJob(test.file('b.jsonl', `${lines(2)}\n{"id": "r2", "val\n`)));
    expect(report.outcome).toBe('partial');
    expect(report.tasks[0]).toMatchObject({
      counts: { read: 3, staged: 2, rejected: 1 },
      targets: [{ withdrawn: 0, unchanged: 2 }],
      warnings: [{ code: 'W_WITHDRAWALS_POSTPONED', count: 1 }],
    });
  });

  it('waits when a guard objects and says why', async () => {
    const guards = { min_records: 3, max_shrink_percent: 10, max_rejected_percent: 5, min_fill_percent: { value: 90 } };
    await runJobOnce(test.steps, linesJob(test.file('a.jsonl', lines(10)), { guards }));
    const bad = '{"id":"r0"}\nbroken\n';
    const report = await runJobOnce(test.steps, linesJob(test.file('b.jsonl', bad), { guards }));
    expect(report.outcome).toBe('discarded');
    expect(report.tasks[0]?.trips.map(({ message }) => message)).toEqual([
      'Expected at least 3 records, found 1.',
      'Expected at most 10 % of the 10 published records of postgres:lines to be gone, found 9 gone (90.0 %).',
      'Expected at most 5 % of 2 records to be rejected, found 1 rejected (50.0 %).',
      'Expected at least 90 % of the records to have "value", found 0 of 1 (0.0 %).',
    ]);
    expect((await readTable(test.pool, 'lines')).filter(({ withdrawn }) => withdrawn)).toEqual([]);
  });

  it('fails on an empty source unless the job allows it', async () => {
    const empty = test.file('empty.jsonl', '\n');
    await expect(runJobOnce(test.steps, linesJob(empty))).rejects.toMatchObject({ code: 'E_SOURCE_EMPTY' });
    const allowed = await runJobOnce(test.steps, linesJob(empty, { guards: { allow_empty: true } }));
    expect(allowed.outcome).toBe('success');
  });

  it('refuses a source that was replaced by another of the same size while the run was under way', async () => {
    const config = linesJob(test.file('a.jsonl', lines(5, 1)));
    const run = randomUUID();
    await resolve(config, run);
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
    test.file('a.jsonl', lines(5, 2));
    const staging = test.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    await expect(staging).rejects.toMatchObject({ code: 'E_SOURCE_CHANGED' });
  });

  it('lets a later attempt take a partition over and the earlier one write nothing more', async () => {
    const config = linesJob(test.file('a.jsonl', lines(20_000)));
    const run = randomUUID();
    await resolve(config, run);
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
    const input = { run, task: 'main', partition: 0 };
    const zombie = test.steps.stagePartition(input, stepContext());
    const successor = test.steps.stagePartition(input, stepContext());
    const results = await Promise.allSettled([zombie, successor]);
    const lost = results.filter((result) => result.status === 'rejected');
    // The later attempt ends the sessions of the earlier one: which of the two codes it gets depends on what it was doing.
    const codes = ['E_LEASE_LOST', 'E_DATABASE_UNAVAILABLE'];
    for (const { reason } of lost) expect(codes).toContain((reason as UnavailableError).code);
    expect(results.some((result) => result.status === 'fulfilled')).toBe(true);
    const compared = await test.steps.compareTargets({ run, task: 'main' }, stepContext());
    expect(compared.counts).toEqual({ read: 20_000, filtered: 0, duplicates: 0, rejected: 0, staged: 20_000 });
  });

  it('commits the batch in hand when it is stopped, and the next attempt goes on from there', async () => {
    const config = linesJob(test.file('a.jsonl', lines(20_000)));
    const run = randomUUID();
    await resolve(config, run);
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
    const input = { run, task: 'main', partition: 0 };
    const stop = new AbortController();
    const stopped = test.steps.stagePartition(input, {
      signal: stop.signal,
      onProgress: ({ counts }) => {
        if ((counts?.read ?? 0) > 6_000) stop.abort(new Error('stopped'));
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
    const { rows } = await test.pool.query<{ staged: number }>(
      `SELECT (tally ->> 'staged')::int AS staged FROM vocab_sync.partition`,
    );
    expect(rows[0]?.staged).toBeGreaterThanOrEqual(4_000);
    const staged = await test.steps.stagePartition(input, stepContext());
    expect(staged.counts.read).toBe(20_000);
    const compared = await test.steps.compareTargets({ run, task: 'main' }, stepContext());
    expect(compared.counts).toEqual({ read: 20_000, filtered: 0, duplicates: 0, rejected: 0, staged: 20_000 });
  });

  it('keeps what PostgreSQL cannot store out of the table and in the rejections', async () => {
    const text = [
      '{"id":"ok","v":"\\\\u0000 is only text"}',
      '{"id":"nul","v":"\\u0000"}',
      '{"id":"half","v":"\\ud800"}',
    ].join('\n');
    const report = await runJobOnce(test.steps, linesJob(test.file('a.jsonl', text)));
    expect(report.tasks[0]?.counts).toMatchObject({ read: 3, staged: 1, rejected: 2 });
    const { rows } = await test.pool.query('SELECT code, record_id FROM vocab_sync.rejection ORDER BY record_id');
    expect(rows).toEqual([
      { code: 'E_RECORD_TEXT', record_id: 'half' },
      { code: 'E_RECORD_TEXT', record_id: 'nul' },
    ]);
  });
});
