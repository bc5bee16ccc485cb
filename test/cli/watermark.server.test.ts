/** `watermark` and the report of a run, on a real database and without Temporal. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WatermarkReport } from '../../src/cli/commands/watermark/watermark-report.ts';
import type { RunReport } from '../../src/pipeline/run-steps.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { runWords } from './run-words.ts';

describeWithPostgres('the watermark on the command line', () => {
  let test: TestEngine;
  let first: RunReport;
  beforeAll(async () => {
    test = await openTestEngine();
    const config = linesJob(test.file('lines.jsonl', '{"id":"a"}\n'), { since_overlap: { hours: 1 } });
    first = await runJobOnce(test.steps, config, { request: { startedBy: 'ada' } });
  });
  afterAll(async () => {
    await test.close();
  });

  const cli = (...words: readonly string[]) =>
    runWords(words, {
      cwd: test.directory,
      env: {
        DATABASE_URL: test.url,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml',
        VOCAB_SYNC_WEB_UI: 'https://temporal.example.org/',
      },
    });
  const json = async (...words: readonly string[]) =>
    JSON.parse((await cli('watermark', ...words, '--json')).stdout) as WatermarkReport;

  it('shows the run it came from, and what the next run starts from', async () => {
    expect(await json('lines')).toMatchObject({
      watermark: first.started_at,
      run: first.run,
      next_since: new Date(Date.parse(first.started_at) - 3_600_000).toISOString(),
      since_overlap: { hours: 1 },
    });
    const { stdout } = await cli('watermark', 'lines');
    expect(stdout).toContain(`start of the last successful run ${first.run}`);
    expect(stdout).toContain('less the overlap {"hours":1}');
  });

  it('is set and cleared with who and why', async () => {
    const set = await json('lines', 'set', '2026-01-01', '--by', 'Ada', '--reason', 'imported');
    expect(set).toMatchObject({ watermark: '2026-01-01T00:00:00.000Z', run: null });
    expect(set.reason).toMatch(/^set by Ada at \S+ \(imported\)$/);
    const cleared = await json('lines', 'clear', '--by', 'Bob');
    expect(cleared).toMatchObject({ watermark: null, next_since: null });
    expect(cleared.changes.map(({ by, reason }) => [by, reason])).toEqual([
      ['Bob', null],
      ['Ada', 'imported'],
    ]);
  });

  it.each([
    [['lines', 'set'], 'Expected a time to set the watermark to, found none'],
    [['lines', 'set', 'yesterday'], '"since" cannot be used: expected "YYYY-MM-DD HH:mm"'],
    [['lines', 'set', 'none'], 'vocab-sync watermark JOB clear'],
    [['lines', 'set', '2999-01-01'], 'a time in the past'],
    [['lines', 'clear', '2026-01-01'], 'Expected nothing after "clear", found "2026-01-01"'],
    [['lines', 'move'], 'show, set, clear'],
    [['nobody'], 'There is no job "nobody"'],
  ])('%j is refused with what to do', async (words, says) => {
    const { code, stderr } = await cli('watermark', ...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
  });

  it('`show` says why since, who started it, which version, and links the configured Web UI', async () => {
    const { stdout } = await cli('show', first.run);
    expect(stdout).toContain('the beginning (no run of this job has succeeded on its own source yet');
    expect(stdout).toMatch(/started +\S+ \S+ UTC by ada/);
    expect(stdout).toMatch(/job +lines, version 1/);
    expect(stdout).toContain('https://temporal.example.org/namespaces/default/workflows/');
  });
});
