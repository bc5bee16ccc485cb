/** Which failures count, when they pause the schedule, and what the operator reads then. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { renderReport } from '../../src/cli/render/render-report.ts';
import { checkJob } from '../../src/job/check/check-job.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import { reportRun } from '../../src/pipeline/finish/report-run.ts';
import type { RunRequest, RunSteps } from '../../src/pipeline/run-steps.ts';
import { readLog } from '../../src/postgres/ledger/run-log.ts';
import { linesJob, openTestEngine, runJobOnce, testCatalog, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const BROKEN = '';
const GOOD = '{"id":"a"}\n';

describeWithPostgres('failures in a row', () => {
  let test: TestEngine;
  let steps: RunSteps;
  let config: Record<string, unknown>;
  let notes: string[];
  let answers: boolean;
  beforeEach(async () => {
    test = await openTestEngine();
    notes = [];
    answers = true;
    const pauseSchedule = (_job: string, note: string): Promise<boolean> => {
      notes.push(note);
      return Promise.resolve(answers);
    };
    steps = createRunSteps({ ...test.engine, pauseSchedule });
    config = linesJob(test.file('lines.jsonl', BROKEN), { pause_after_failures: 2 });
  });
  afterEach(async () => {
    await test.close();
  });

  const run = async (request: Partial<RunRequest> = { trigger: 'schedule' }): Promise<string> => {
    await runJobOnce(steps, config, { request: { force: true, ...request } }).catch(() => undefined);
    const { rows } = await test.pool.query<{ id: string }>(
      'SELECT id FROM vocab_sync.run ORDER BY started_at DESC LIMIT 1',
    );
    return rows[0]?.id ?? '';
  };
  const report = (id: string) => reportRun({ pool: test.pool, webUi: () => null }, id);

  it('pauses at the number that the job says, and tells it in the note, the report and the log', async () => {
    expect(await report(await run())).not.toHaveProperty('schedule_paused');
    expect(notes).toEqual([]);
    const last = await run();
    const note = `paused by vocab-sync after 2 failures in a row, the last one run ${last}: E_SOURCE_EMPTY Expected records in lines.jsonl, found none. Nothing was published; where an empty source is right, set "guards": {"allow_empty": true}. — fix the cause, then: vocab-sync schedule lines resume`;
    expect(notes).toEqual([note]);
    const paused = await report(last);
    expect(paused).toMatchObject({ outcome: 'failed', schedule_paused: note });
    expect(renderReport(paused)).toMatch(
      /\n {2}schedule +paused by vocab-sync after 2 failures in a row, the last one run /,
    );
    const lines = await readLog(test.pool, last, { level: 'error', after: 0, limit: 10 });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'The schedule of the job is paused: its runs fail again and again.',
      }),
    );
  });

  it('is told once, however often the end of the run is written', async () => {
    await run();
    const last = await run();
    await steps.finishRun(
      { run: last, outcome: 'failed' },
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
    expect(notes).toHaveLength(1);
  });

  it('counts anew after a run that ended well, by hand too', async () => {
    await run();
    test.file('lines.jsonl', GOOD);
    await run({ trigger: 'manual' });
    test.file('lines.jsonl', BROKEN);
    await run();
    expect(notes).toEqual([]);
    await run();
    expect(notes).toHaveLength(1);
  });

  it('counts anew after the schedule was paused and resumed', async () => {
    await run();
    await run();
    await run();
    expect(notes).toHaveLength(1);
    await run();
    expect(notes).toHaveLength(2);
  });

  it('does not count what somebody started, planned or cancelled', async () => {
    await run({ trigger: 'manual' });
    await run({ trigger: 'manual', mode: 'plan' });
    await run({ trigger: 'manual' });
    await run();
    expect(notes).toEqual([]);
  });

  it('says nothing where nothing was paused: no such schedule, or a pause of somebody else', async () => {
    answers = false;
    await run();
    const last = await run();
    expect(notes).toHaveLength(1);
    expect(await report(last)).not.toHaveProperty('schedule_paused');
  });

  it('never pauses a job that does not say so', async () => {
    delete config['pause_after_failures'];
    for (let i = 0; i < 3; i++) await run();
    expect(notes).toEqual([]);
  });

  it('is refused as anything but a number, and remarked on without a schedule', async () => {
    const problems = async (value: unknown) =>
      (await checkJob({ ...config, pause_after_failures: value }, { catalog: testCatalog })).findings.filter(
        ({ pointer }) => pointer === '/pause_after_failures',
      );
    expect(await problems(0)).toMatchObject([
      { severity: 'error', message: 'expected a number of at least 1, found the number 0' },
    ]);
    expect(await problems('three')).toMatchObject([{ severity: 'error' }]);
    expect(await problems(3)).toMatchObject([
      { severity: 'warning', message: 'has no effect: the job has no schedule that could be paused' },
    ]);
  });
});
