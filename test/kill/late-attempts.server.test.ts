/** Attempts that are late: frozen with locks in their hands, asleep through the end of their run, or done with already. */
import { randomUUID } from 'node:crypto';
import { from as copyFrom } from 'pg-copy-streams';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PoolClient } from '../../src/postgres/pool.ts';
import { partitionSession } from '../../src/postgres/superseded-sessions.ts';
import { linesJob, openTestEngine, readTable, stepContext, type TestEngine } from '../support/engine.ts';
import { leftovers } from '../support/kill-ledger.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { until } from '../support/workflow-bench.ts';

const RECORDS = 20_000;
const lines = Array.from({ length: RECORDS }, (_, i) => JSON.stringify({ id: `r${String(i)}`, value: 1 })).join('\n');
const ALL = { read: RECORDS, filtered: 0, duplicates: 0, rejected: 0, staged: RECORDS };

describeWithPostgres('an attempt', () => {
  let test: TestEngine;
  let run: string;
  let frozen: PoolClient;
  beforeEach(async () => {
    test = await openTestEngine();
    frozen = await test.pool.connect();
    frozen.on('error', () => undefined);
    run = randomUUID();
    await resolve();
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
  });
  afterEach(async () => {
    frozen.release(true);
    await test.close();
  });

  const resolve = () => {
    const config = JSON.stringify(linesJob(test.file('a.jsonl', lines)));
    const request = { job: 'lines', trigger: 'manual', config } as const;
    return test.steps.resolveRun({ run, workflowId: `wf-${run}`, request }, stepContext());
  };
  const stage = () => test.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
  const compare = () => test.steps.compareTargets({ run, task: 'main' }, stepContext());
  const apply = (planDigest: string) => test.steps.applyChanges({ run, task: 'main', planDigest }, stepContext());
  const finish = () => test.steps.finishRun({ run, outcome: 'ended' }, stepContext());
  const table = (kind: 'stage' | 'plan') => `vocab_sync.${kind}_${run.replaceAll('-', '')}_0`;
  /** Until the server has heard nothing from it for two seconds, as of an attempt that is given up. */
  const freeze = async (...statements: readonly string[]): Promise<void> => {
    await frozen.query('BEGIN');
    for (const statement of statements) await frozen.query(statement);
    await silent();
  };
  const silent = () =>
    until('a session is silent in its transaction', async () => {
      const { rows } = await test.pool.query<{ n: number }>(
        `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientRead'
           AND xact_start IS NOT NULL AND state_change < clock_timestamp() - interval '2 seconds'`,
      );
      return (rows[0]?.n ?? 0) > 0;
    });

  it('frozen between a batch and its commit does not keep the next one from its partition', async () => {
    await stage();
    await freeze(
      `SET LOCAL application_name = '${partitionSession({ run, task: 'main', partition: 0 })}'`,
      `INSERT INTO ${table('stage')} (partition, seq, id, known) VALUES (0, 0, 'late', false)`,
      `SELECT * FROM vocab_sync.partition WHERE run_id = '${run}' FOR UPDATE`,
    );
    expect((await stage()).counts).toEqual(ALL);
    expect((await compare()).counts).toEqual(ALL);
  });

  it('does not end a silent transaction of another partition, whose attempt may be well', async () => {
    await stage();
    await freeze(
      `SET LOCAL application_name = '${partitionSession({ run, task: 'main', partition: 1 })}'`,
      `INSERT INTO ${table('stage')} (partition, seq, id, known) VALUES (1, 0, 'other', false)`,
    );
    expect((await stage()).counts).toEqual(ALL);
    // The session is alive: its transaction can still be committed.
    await frozen.query('COMMIT');
    const { rows } = await test.pool.query(`SELECT id FROM ${table('stage')} WHERE partition = 1`);
    expect(rows).toEqual([{ id: 'other' }]);
  });

  it('frozen in the middle of a batch does not keep the comparison waiting', async () => {
    await stage();
    await frozen.query('BEGIN');
    frozen.query(copyFrom(`COPY ${table('stage')} FROM STDIN`)).on('error', () => undefined);
    await silent();
    expect((await compare()).counts).toEqual(ALL);
  });

  it('frozen while it published does not keep the next one, nor the end of the run, waiting', async () => {
    await stage();
    const { planDigest } = await compare();
    const holding = [
      `SELECT * FROM vocab_sync.run WHERE id = '${run}' FOR UPDATE`,
      `SELECT FROM ${table('plan')} LIMIT 1`,
    ];
    await freeze(...holding);
    await apply(planDigest);
    frozen.release(true);
    frozen = await test.pool.connect();
    frozen.on('error', () => undefined);
    await freeze(...holding);
    expect(await finish()).toMatchObject({ outcome: 'success', tasks: [{ counts: ALL }] });
    expect(await leftovers(test.pool)).toEqual([]);
  });

  it('that slept through the end of its run makes no stage for it', async () => {
    await frozen.query('BEGIN');
    await frozen.query('LOCK TABLE vocab_sync.task IN ACCESS EXCLUSIVE MODE');
    const late = stage();
    const waiting = 'SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass';
    await until(
      'it has found its run open',
      async () => (await test.pool.query(waiting, ['vocab_sync.task'])).rowCount === 1,
    );
    await test.pool.query(`UPDATE vocab_sync.run SET outcome = 'cancelled', finished_at = now() WHERE id = $1`, [run]);
    await frozen.query('ROLLBACK');
    await expect(late).rejects.toMatchObject({ code: 'E_RUN_STATE' });
    expect(await leftovers(test.pool)).toEqual([]);
  });

  it('whose stage another one dropped has lost its lease, and the next one stages everything', async () => {
    let dropped: Promise<unknown> | undefined;
    const late = test.steps.stagePartition(
      { run, task: 'main', partition: 0 },
      {
        signal: new AbortController().signal,
        onProgress: ({ counts }) => {
          if ((counts?.read ?? 0) > 6_000) {
            dropped ??= test.pool.query(`DROP TABLE ${table('stage')}; TRUNCATE vocab_sync.partition`);
          }
        },
      },
    );
    await expect(late).rejects.toMatchObject({ code: 'E_LEASE_LOST' });
    await dropped;
    await stage();
    expect((await compare()).counts).toEqual(ALL);
  });

  it('at what is published already leaves its outcome and its counts as they are', async () => {
    await stage();
    const compared = await compare();
    await apply(compared.planDigest);
    // The workflow was reset to its beginning.
    expect(await resolve()).toMatchObject({ kind: 'ready' });
    expect(await test.steps.fetchSource({ run, task: 'main' }, stepContext())).toMatchObject({ kind: 'unchanged' });
    await stage();
    expect(await compare()).toMatchObject({ targets: compared.targets, planDigest: compared.planDigest });
    expect(await finish()).toMatchObject({
      outcome: 'success',
      tasks: [{ outcome: 'success', counts: ALL, targets: [{ inserted: RECORDS }] }],
    });
    expect(await readTable(test.pool, 'lines')).toHaveLength(RECORDS);
  });
});
