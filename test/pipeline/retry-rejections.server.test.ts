/** What a run rejected, read again by a run of its own: nothing else is published, withdrawn or remembered. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rollbackRun } from '../../src/pipeline/undo/rollback-run.ts';
import { requireRetryable } from '../../src/pipeline/undo/retried-run.ts';
import type { RunReport, RunRequest } from '../../src/pipeline/run-steps.ts';
import { findWatermark } from '../../src/postgres/ledger/watermark.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const LONG = 'x'.repeat(300);
/** Two lines are longer than the first limit, one is broken for good. */
const LINES = [
  '{"id":"a","n":1}',
  `{"id":"b","n":2,"long":"${LONG}"}`,
  '{"id":"c","n":3}',
  '{"id":"broken"',
  `{"id":"d","n":4,"long":"${LONG}"}`,
];

describeWithPostgres('retry of rejections', () => {
  let test: TestEngine;
  let path: string;
  beforeEach(async () => {
    test = await openTestEngine();
    path = test.file('lines.jsonl', LINES.join('\n'));
  });
  afterEach(async () => {
    await test.close();
  });

  const job = (most: number, more: Readonly<Record<string, unknown>> = {}) =>
    linesJob(path, {
      readers: [
        { type: 'file', args: { path } },
        { type: 'jsonl', args: { max_line_bytes: most } },
      ],
      guards: { min_records: 2, max_shrink_percent: 1, max_rejected_percent: 90 },
      ...more,
    });
  const run = (config: Readonly<Record<string, unknown>>, request: Partial<RunRequest> = {}): Promise<RunReport> =>
    runJobOnce(test.steps, config, { request });
  const retry = (of: string, config: Readonly<Record<string, unknown>>): Promise<RunReport> =>
    run(config, { mode: 'retry', retries: of });
  const ids = async () =>
    (await readTable(test.pool, 'lines')).map(({ id, withdrawn }) => `${id}${withdrawn ? '-' : ''}`);
  const refusal = (of: string) => requireRetryable(test.pool, of).then(String, (error: unknown) => error);

  it('publishes what fits today, and rejects the rest again', async () => {
    const first = await run(job(100));
    expect(first).toMatchObject({ outcome: 'partial' });
    expect(first.tasks[0]?.counts).toMatchObject({ read: 5, rejected: 3, staged: 2 });
    expect(await ids()).toEqual(['a', 'c']);

    const second = await retry(first.run, job(10_000));
    expect(second).toMatchObject({ outcome: 'partial', mode: 'retry', trigger: 'manual', retries: first.run });
    expect(second.tasks[0]?.counts).toEqual({ read: 3, filtered: 0, duplicates: 0, rejected: 1, staged: 2 });
    expect(second.tasks[0]?.targets).toMatchObject([{ inserted: 2, updated: 0, withdrawn: 0, unchanged: 0 }]);
    expect(second.tasks[0]?.trips).toEqual([]);
    expect(second.tasks[0]?.source).toEqual(first.tasks[0]?.source);
    expect(await ids()).toEqual(['a', 'b', 'c', 'd']);

    // What the retry rejected can be retried in its turn, and the first run once more.
    expect((await retry(second.run, job(10_000))).tasks[0]?.counts).toMatchObject({ read: 1, rejected: 1 });
    expect((await retry(first.run, job(10_000))).tasks[0]).toMatchObject({
      counts: { read: 3, rejected: 1, staged: 2 },
      targets: [{ inserted: 0, updated: 0, unchanged: 2 }],
    });
  });

  it('leaves the watermark where it is, and lets the next run read everything once the job has changed', async () => {
    const first = await run(job(100));
    const watermark = await findWatermark(test.pool, 'lines', true);
    const retried = await retry(first.run, job(10_000));
    expect(await findWatermark(test.pool, 'lines', true)).toEqual(watermark);
    expect(retried).toMatchObject({
      since: first.since,
      since_reason: `as in run ${first.run}, whose rejections are read again`,
    });
    expect(await run(job(10_000))).toMatchObject({ outcome: 'partial', tasks: [{ counts: { read: 5, rejected: 1 } }] });
  });

  it('is undone by a rollback of its own', async () => {
    const first = await run(job(100));
    const retried = await retry(first.run, job(10_000));
    await rollbackRun(test.engine, {
      run: retried.run,
      startedBy: 'test',
      force: false,
      signal: new AbortController().signal,
    });
    expect(await ids()).toEqual(['a', 'c']);
  });

  it('resumes behind its checkpoint, and asks a reader for no more than it needs', async () => {
    const lines = Array.from({ length: 5000 }, (_none, n) => (n % 2 === 0 ? `{"id":"r${String(n)}"}` : '{broken'));
    test.file('lines.jsonl', lines.join('\n'));
    const first = await run(job(10_000, { guards: {} }));
    expect(first.tasks[0]?.counts).toMatchObject({ read: 5000, rejected: 2500 });
    const again = randomUUID();
    const config = job(10_000, { guards: {} });
    const request: RunRequest = {
      job: 'lines',
      trigger: 'manual',
      mode: 'retry',
      retries: first.run,
      config: JSON.stringify(config),
    };
    await test.steps.resolveRun({ run: again, workflowId: 'retry', request }, stepContext());
    await test.steps.fetchSource({ run: again, task: 'main' }, stepContext());
    const stop = new AbortController();
    const stage = (context: Parameters<typeof test.steps.stagePartition>[1]) =>
      test.steps.stagePartition({ run: again, task: 'main', partition: 0 }, context);
    const stopped = stage({
      signal: stop.signal,
      onProgress: ({ counts }) => {
        if ((counts?.read ?? 0) > 2000) stop.abort();
      },
    });
    await stopped.catch(() => undefined);
    expect(await stage(stepContext())).toEqual({
      counts: { read: 2500, filtered: 0, duplicates: 0, rejected: 2500, staged: 0 },
    });
    const { rows } = await test.pool.query('SELECT DISTINCT cursor FROM vocab_sync.rejection WHERE run_id = $1', [
      again,
    ]);
    expect(rows).toHaveLength(2500);
  });

  it('refuses a run that rejected nothing, one that is not there, and one under way', async () => {
    const clean = await run(linesJob(test.file('clean.jsonl', LINES[0] ?? ''), { id: 'clean' }));
    expect(await refusal(clean.run)).toMatchObject({
      code: 'E_RETRY_REFUSED',
      message: `The rejections of run ${clean.run} cannot be retried: it rejected no record. Nothing was changed.`,
    });
    const nobody = randomUUID();
    expect(await refusal(nobody)).toMatchObject({
      code: 'E_RUN_NOT_FOUND',
      message: `Run ${nobody} is not in the ledger.`,
    });
    const open = randomUUID();
    const request: RunRequest = { job: 'lines', trigger: 'manual', config: JSON.stringify(job(100)) };
    await test.steps.resolveRun({ run: open, workflowId: 'open', request }, stepContext());
    expect(await refusal(open)).toMatchObject({
      code: 'E_RUN_STATE',
      message: `Expected run ${open} to have ended, but it is in phase resolve. Wait for its end, then retry what it rejected.`,
    });
  });

  it('refuses where a later run published, and names that one', async () => {
    const first = await run(job(100));
    const second = await run(job(200));
    expect(await refusal(first.run)).toMatchObject({
      code: 'E_RETRY_REFUSED',
      message: `The rejections of run ${first.run} cannot be retried: run ${second.run} (${second.started_at}) published task main later; what it rejected is what is missing now. Retry that one: vocab-sync retry-rejections ${second.run}. Nothing was changed.`,
    });
  });

  it('refuses a run that published nothing, one that was rolled back, a rollback, and refusals on write', async () => {
    const discarded = await run(job(100, { guards: { min_records: 1000 } }));
    expect(discarded.outcome).toBe('discarded');
    expect(await refusal(discarded.run)).toMatchObject({
      message: expect.stringContaining(
        'it published nothing of task main, so there is nothing that they belong to',
      ) as string,
    });
    const first = await run(job(100));
    const undone = await rollbackRun(test.engine, {
      run: first.run,
      startedBy: 'test',
      force: false,
      signal: new AbortController().signal,
    });
    expect(await refusal(first.run)).toMatchObject({
      message: expect.stringContaining(`cannot be retried: run ${undone.report.run} rolled it back.`) as string,
    });
    expect(await refusal(undone.report.run)).toMatchObject({
      message: expect.stringContaining('it is a rollback, which reads no source') as string,
    });
    await run(linesJob(test.file('other.jsonl', '{"id":"a"}'), { id: 'owner' }));
    const refused = await run(linesJob(test.file('mine.jsonl', '{"id":"a"}\n{"id":"z"}'), { id: 'mine' }));
    expect(await refusal(refused.run)).toMatchObject({
      message: expect.stringContaining(
        'its 1 rejections were made on write, for records that belong to others',
      ) as string,
    });
  });

  it('refuses a run from before places were kept', async () => {
    const first = await run(job(100));
    await test.pool.query('UPDATE vocab_sync.rejection SET cursor = NULL');
    expect(await refusal(first.run)).toMatchObject({
      message: expect.stringContaining('it ran before the places of rejected records were kept') as string,
    });
  });

  it('refuses a job that reads through other readers, or has no such task, today', async () => {
    const first = await run(job(100));
    const readers = [{ type: 'file', args: { path } }, { type: 'gzip' }, { type: 'jsonl' }];
    await expect(retry(first.run, job(100, { readers }))).rejects.toMatchObject({
      code: 'E_RETRY_REFUSED',
      message: expect.stringContaining(
        'task main was read through "file > jsonl" and is read through "file > gzip > jsonl" today',
      ) as string,
    });
    const { readers: list, writers } = job(100);
    const several = { id: 'lines', title: 'Lines', tasks: { other: { readers: list, writers } } };
    await expect(retry(first.run, several)).rejects.toMatchObject({
      message: expect.stringContaining('the job has no task "main" any more') as string,
    });
  });

  it('ends as failed where the source is not there any more as it was, and changes nothing', async () => {
    const first = await run(job(100));
    test.file('lines.jsonl', `${LINES.join('\n')}\n{"id":"new"}`);
    await expect(retry(first.run, job(10_000))).rejects.toMatchObject({
      code: 'E_RETRY_REFUSED',
      message: expect.stringMatching(
        /^The rejections of run .* cannot be retried: lines\.jsonl is not in the spool as that run read it, and cannot be fetched so again \(E_SOURCE_CHANGED: .*\)\. Nothing was changed\.$/,
      ) as string,
    });
    expect(await ids()).toEqual(['a', 'c']);
  });

  it('says so of an entry that is not at its place any more, and counts it', async () => {
    const first = await run(job(100));
    await test.pool.query(`UPDATE vocab_sync.rejection SET cursor = '{0,77}' WHERE cursor = '{0,4}'`);
    const report = await retry(first.run, job(10_000));
    expect(report.tasks[0]?.counts).toMatchObject({ read: 3, rejected: 2, staged: 1 });
    const { rows } = await test.pool.query<{ message: string }>(
      `SELECT message FROM vocab_sync.rejection WHERE run_id = $1 AND code = 'E_ENTRY_NOT_FOUND'`,
      [report.run],
    );
    expect(rows).toEqual([
      {
        message:
          'Expected the rejected entry file:lines.jsonl > jsonl:4 at its place in the source, found none: the readers of the job choose other entries today.',
      },
    ]);
  });
});
