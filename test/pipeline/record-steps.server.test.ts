/** What the ledger keeps of the steps of a run: their times, their errors, their log. */
import { randomUUID } from 'node:crypto';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderSteps, summariseSteps } from '../../src/cli/render/render-steps.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import { appendLog, beginAttempt, MOST_LINES, readAttempts, readLog } from '../../src/postgres/ledger/run-log.ts';
import { rememberSecret } from '../../src/logging/redact.ts';
import { buildTar } from '../support/build-tar.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { UnavailableError } from '../../src/errors.ts';

describeWithPostgres('the ledger', () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await openTestEngine();
  });
  afterAll(async () => {
    await test.close();
  });

  it('keeps what each step of a run took, in order, with a line of log for each', async () => {
    const path = test.file('times.jsonl', '{"id":"a"}\n');
    const { run } = await runJobOnce(test.steps, linesJob(path, { id: 'times' }));
    const steps = summariseSteps(await readAttempts(test.pool, run));
    expect(steps.map(({ step, attempts }) => [step, attempts])).toEqual([
      ['fetch', 1],
      ['stage', 1],
      ['compare', 1],
      ['apply', 1],
      ['finish', 1],
    ]);
    expect(steps.every(({ took_ms }) => took_ms !== null && took_ms >= 0)).toBe(true);
    const lines = await readLog(test.pool, run, { level: 'info', after: 0, limit: 100 });
    expect(lines.map(({ message, fields }) => [message, fields?.['step']])).toContainEqual([
      'The step ended.',
      'stagePartition',
    ]);
  });

  it('takes partitions beside each other for parts of one step, and counts as tried again what was', async () => {
    const lines = (id: string): { name: string; content: string } => ({
      name: `${id}.jsonl`,
      content: `{"id":"${id}"}\n`,
    });
    const path = test.file('parts.tar', buildTar([lines('a'), lines('b'), lines('c')]));
    const config = linesJob(path, {
      id: 'parts',
      readers: [{ type: 'file', args: { path } }, { type: 'tar' }, { type: 'jsonl' }],
    });
    const steps = createRunSteps({ ...test.engine, cutting: { mostParts: 3, leastBytes: 1 } });
    const { run } = await runJobOnce(steps, config);
    const staged = async () =>
      summariseSteps(await readAttempts(test.pool, run)).filter(({ step }) => step === 'stage');
    expect(await staged()).toMatchObject([{ parts: 3, attempts: 3, retries: [] }]);
    await beginAttempt(test.pool, run, { step: 'stagePartition', task: 'main', part: '1' });
    expect(await staged()).toMatchObject([
      { parts: 3, attempts: 4, took_ms: null, retries: [{ cause: 'the workflow went back to it' }] },
    ]);
    expect(renderSteps(await staged(), false)).toMatch(/stage \(3 parts\) .* 4\n\nTried again\n {2}stage at /);
  });

  it('keeps why a step was tried again, without secrets', async () => {
    rememberSecret('hunter2-hunter2');
    let failures = 1;
    const steps = createRunSteps({
      ...test.engine,
      recordCheck: () => {
        if (failures-- > 0)
          throw new UnavailableError('E_SOURCE_UNAVAILABLE', 'The server says 503 to hunter2-hunter2.');
        return undefined;
      },
    });
    const path = test.file('again.jsonl', '{"id":"a"}\n');
    const config = linesJob(path, { id: 'again', vocabulary: 'affiliations' });
    const run = '0199d3b2-0000-7000-8000-000000000001';
    const request = { job: 'again', trigger: 'manual', config: JSON.stringify(config) } as const;
    await steps.resolveRun({ run, workflowId: 'again', request }, stepContext());
    await expect(steps.fetchSource({ run, task: 'main' }, stepContext())).rejects.toThrow('503');
    await steps.fetchSource({ run, task: 'main' }, stepContext());
    const [fetched] = summariseSteps(await readAttempts(test.pool, run));
    expect(fetched).toMatchObject({ step: 'fetch', attempts: 2 });
    expect(fetched?.retries[0]?.cause).toBe('E_SOURCE_UNAVAILABLE: The server says 503 to ***.');
    expect(renderSteps(fetched === undefined ? [] : [fetched], false)).toContain('Tried again\n  fetch at ');
    const warnings = await readLog(test.pool, run, { level: 'warn', after: 0, limit: 100 });
    expect(warnings).toMatchObject([{ level: 'warn', message: 'The step failed and is tried again.' }]);
    expect(JSON.stringify(warnings)).not.toContain('hunter2');
  });

  it.each([
    ['WORKER_SHUTDOWN', 'The worker was stopped, the step was handed over.'],
    ['PAUSED', 'The step was paused in Temporal.'],
    ['something new', 'The step was interrupted: something new.'],
  ])('says why an attempt was ended from outside: %s', async (reason, message) => {
    const path = test.file('stopped.jsonl', '{"id":"a"}\n');
    const run = randomUUID();
    const config = JSON.stringify(linesJob(path, { id: `stopped-${run}` }));
    await test.steps.resolveRun(
      { run, workflowId: run, request: { job: 'stopped', trigger: 'manual', config } },
      stepContext(),
    );
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
    const stopped = stepContext(AbortSignal.abort(new CancelledFailure(reason)));
    await expect(test.steps.stagePartition({ run, task: 'main', partition: 0 }, stopped)).rejects.toThrow();
    const attempts = await readAttempts(test.pool, run);
    expect(attempts.at(-1)?.error).toEqual({ code: 'E_STEP_INTERRUPTED', message });
  });

  it('logs the start and the end of a run with its counts, and a failed run as an error with its code', async () => {
    const logger = silentLogger();
    const steps = createRunSteps({ ...test.engine, logger });
    const good = test.file('logged.jsonl', '{"id":"of-logged"}\n');
    const { run } = await runJobOnce(steps, linesJob(good, { id: 'logged' }));
    const bad = test.file('empty.jsonl', '');
    await runJobOnce(steps, linesJob(bad, { id: 'logged-badly' })).catch(() => undefined);
    const of = (message: string) => logger.lines.filter((line) => line.message === message);
    expect(of('The run started.')).toMatchObject([
      { level: 'info', fields: { job: 'logged', run, mode: 'run', trigger: 'manual' } },
      { level: 'info', fields: { job: 'logged-badly' } },
    ]);
    expect(of('The run ended.')).toMatchObject([
      {
        level: 'info',
        fields: { job: 'logged', run, outcome: 'success', counts: { read: 1 }, changes: { inserted: 1 } },
      },
    ]);
    expect(of('The run failed.')).toMatchObject([
      { level: 'error', fields: { job: 'logged-badly', outcome: 'failed', code: 'E_SOURCE_EMPTY' } },
    ]);
  });

  it('cuts a log that grows without end, says so once, and keeps errors', async () => {
    const run = '0199d3b2-0000-7000-8000-000000000002';
    await test.pool.query(
      `INSERT INTO vocab_sync.run_log (run_id, level, message) SELECT $1, 'info', 'x' FROM generate_series(1, $2::int)`,
      [run, MOST_LINES],
    );
    for (const level of ['info', 'warn', 'error'] as const)
      await appendLog(test.pool, run, { level, message: `the ${level}\0`, fields: { a: '\0' } });
    const lines = await readLog(test.pool, run, { level: 'warn', after: 0, limit: 100 });
    expect(lines.map(({ message }) => message)).toEqual([
      expect.stringContaining(`was cut at ${String(MOST_LINES)} lines`),
      'the error\\u0000',
    ]);
  });

  it('refuses a step after three attempts that were lost with their worker at the same place', async () => {
    const path = test.file('lost.jsonl', '{"id":"a"}\n');
    const run = randomUUID();
    const input = { run, task: 'main' };
    const config = JSON.stringify(linesJob(path, { id: 'lost' }));
    const request = { job: 'lost', trigger: 'manual', config } as const;
    await test.steps.resolveRun({ run, workflowId: `wf-${run}`, request }, stepContext());
    await test.steps.fetchSource(input, stepContext());
    for (let i = 0; i < 3; i += 1) {
      await beginAttempt(test.pool, run, { step: 'stagePartition', task: 'main', part: '0' });
    }
    const stage = () => test.steps.stagePartition({ ...input, partition: 0 }, stepContext());
    await expect(stage()).rejects.toMatchObject({ code: 'E_STEP_LOST' });
    // The refusal is an attempt that ended: after a reset of the workflow the step is tried again.
    expect((await stage()).counts.staged).toBe(1);
    await test.steps.finishRun({ run, outcome: 'cancelled' }, stepContext());
  });

  it('goes on where lost attempts came further each time', async () => {
    const path = test.file('further.jsonl', '{"id":"a"}\n');
    const run = randomUUID();
    const config = JSON.stringify(linesJob(path, { id: 'further' }));
    const request = { job: 'further', trigger: 'manual', config } as const;
    await test.steps.resolveRun({ run, workflowId: `wf-${run}`, request }, stepContext());
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
    for (let i = 0; i < 3; i += 1) {
      await beginAttempt(test.pool, run, { step: 'stagePartition', task: 'main', part: '0' });
      await test.pool.query(
        `INSERT INTO vocab_sync.partition (run_id, task, ordinal, state, pin, lease, cursor, tally)
         VALUES ($1, 'main', 0, 'running', 'p', gen_random_uuid(), $2, '{}')
         ON CONFLICT (run_id, task, ordinal) DO UPDATE SET cursor = excluded.cursor`,
        [run, JSON.stringify([0, i])],
      );
    }
    const staged = await test.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    expect(staged.counts.staged).toBe(1);
    await test.steps.finishRun({ run, outcome: 'cancelled' }, stepContext());
  });
});
