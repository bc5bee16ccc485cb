/** Who is notified of a run, how often, and what is stored about it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { renderReport } from '../../src/cli/render/render-report.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import { reportRun } from '../../src/pipeline/finish/report-run.ts';
import type { NotifyInput, RunSteps } from '../../src/pipeline/run-steps.ts';
import { prune } from '../../src/postgres/ledger/prune.ts';
import { readLog } from '../../src/postgres/ledger/run-log.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const url = { $secret: 'env:OPS_WEBHOOK' };
const NOTIFY = [
  { type: 'chat', on: ['failed'], url },
  { type: 'chat', on: ['success', 'failed'], url },
  { type: 'email', on: ['success'], to: ['ops@example.org'] },
];

describeWithPostgres('notices of a run', () => {
  let test: TestEngine;
  let steps: RunSteps;
  let told: string[];
  let trouble: Map<string, Error>;
  beforeEach(async () => {
    test = await openTestEngine();
    told = [];
    trouble = new Map();
    steps = createRunSteps({
      ...test.engine,
      sendNotice: ({ type }, { event, report }) => {
        const error = trouble.get(type);
        if (error !== undefined) return Promise.reject(error);
        told.push(`${type} ${event} ${String(report.outcome)}`);
        return Promise.resolve();
      },
    });
  });
  afterEach(() => test.close());

  const publish = async (notify: unknown = NOTIFY): Promise<NotifyInput> => {
    const config = linesJob(test.file('lines.jsonl', '{"id": "a"}\n'), { notify });
    const { run } = await runJobOnce(steps, config, { request: { force: true } });
    return { run, event: 'success', about: '' };
  };
  const report = (run: string) => reportRun({ pool: test.pool, webUi: () => null }, run);

  it('go once to each channel that wants the event, also when the step is done again', async () => {
    const input = await publish();
    await steps.notify(input, stepContext());
    await steps.notify(input, stepContext());
    expect(told).toEqual(['chat success success', 'email success success']);
    const { notices } = await report(input.run);
    expect(notices).toMatchObject([
      { event: 'success', channel: 'chat 2', failure: null },
      { event: 'success', channel: 'email 3', failure: null },
    ]);
    expect(notices?.every(({ sent_at: at }) => at !== null && Date.now() - Date.parse(at) < 60_000)).toBe(true);
  });

  it('are tried again where a channel is away, without telling the others twice, and leave the run as it is', async () => {
    trouble.set('chat', new UnavailableError('E_NOTICE_UNAVAILABLE', 'The chat is away. It is tried again for a day.'));
    const input = await publish();
    await expect(steps.notify(input, stepContext())).rejects.toMatchObject({ code: 'E_NOTICE_UNAVAILABLE' });
    expect(told).toEqual(['email success success']);
    const between = await report(input.run);
    expect(between).toMatchObject({
      outcome: 'success',
      notices: [{ channel: 'email 3' }, { channel: 'chat 2', sent_at: null }].reverse(),
    });
    expect(renderReport(between)).toMatch(/not notified +chat 2 of success: E_NOTICE_UNAVAILABLE The chat is away/);
    trouble.clear();
    await steps.notify(input, stepContext());
    expect(told).toEqual(['email success success', 'chat success success']);
    expect(renderReport(await report(input.run))).toMatch(/ notified +chat 2 of success, 20/);
  });

  it('that are refused are written down with the reason and hold up nobody', async () => {
    trouble.set('email', new ConfigError('E_NOTICE_REFUSED', 'The mail server said no.'));
    const input = await publish();
    await steps.notify(input, stepContext());
    expect(told).toEqual(['chat success success']);
    expect((await report(input.run)).notices).toContainEqual({
      event: 'success',
      channel: 'email 3',
      sent_at: null,
      failure: { code: 'E_NOTICE_REFUSED', message: 'The mail server said no.' },
    });
    const lines = await readLog(test.pool, input.run, { level: 'warn', after: 0, limit: 10 });
    expect(lines).toContainEqual(expect.objectContaining({ message: 'A notice could not be delivered.' }));
  });

  it('go with their run when it is pruned', async () => {
    const input = await publish();
    await steps.notify(input, stepContext());
    await publish([]);
    await prune(test.pool, { runsBefore: new Date(Date.now() + 1000), keepRuns: 1, changesBefore: undefined }, false);
    const { rows } = await test.pool.query('SELECT 1 FROM vocab_sync.notice');
    expect(rows).toEqual([]);
  });
});
