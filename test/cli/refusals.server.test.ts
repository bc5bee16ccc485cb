/** What the commands of jobs under control say where they refuse: each text as an operator reads it. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../src/error-codes.ts';
import type { RunReport } from '../../src/records/run.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { expectRemedy } from './expect-remedy.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

describeWithServers('what is refused', () => {
  let bench: CliBench;
  let job: string;
  let bare: string;
  let run: RunReport;
  let waiting: RunReport;
  beforeAll(async () => {
    bench = await openCliBench();
    bench.lines('{"id": "a"}\n');
    await bench.worker();
    job = bench.job('refused');
    bare = bench.job('bare');
    bench.write(job, { schedule: { type: 'interval', weeks: 50 } });
    bench.write(bare);
    await bench.cli(['apply']);
    run = JSON.parse((await bench.cli(['run', job, '--json'])).stdout) as RunReport;
    const held = bench.job('held');
    bench.write(held, { guards: { min_records: 1000 } });
    waiting = JSON.parse((await bench.cli(['run', held, '--json'])).stdout) as RunReport;
  });
  afterAll(async () => {
    await bench.close();
  });

  /** The whole error on stderr: what, its code, what to do. The exit code is that of a mistake in the words. */
  const expectRefused = async (words: readonly string[], code: ErrorCode, text: string | RegExp, stdin?: string) => {
    const result = await bench.cli(words, stdin === undefined ? {} : { stdin });
    expect(result.stderr).toContain(`code:        ${code}`);
    expectRemedy(result.stderr, ERROR_CODES[code].remedy);
    if (typeof text === 'string') expect(result.stderr).toContain(text);
    else expect(result.stderr).toMatch(text);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe('');
  };

  it('a job that is not stored, with the one that was meant', async () => {
    for (const words of [['job', 'show'], ['job', 'export'], ['schedule'], ['job', 'activate'], ['job', 'versions']]) {
      const text = `Expected a stored job "${job}x", found none; did you mean "${job}"?`;
      await expectRefused([...words, `${job}x`], 'E_JOB_NOT_FOUND', text);
    }
    await expectRefused(['job', 'delete', `${job}x`, '--yes'], 'E_JOB_NOT_FOUND', 'did you mean');
    await expectRefused(['job', 'duplicate', `${job}x`, 'copy'], 'E_JOB_NOT_FOUND', 'did you mean');
  });

  it('a version that is not there', async () => {
    const text = `Expected a version of job ${job} from 1 to 1, found 7.`;
    await expectRefused(['job', 'export', job, '--job-version', '7'], 'E_JOB_NOT_FOUND', text);
    await expectRefused(['job', 'versions', job, '--from', '7'], 'E_JOB_NOT_FOUND', text);
  });

  it('a deletion that nobody confirmed, under a run, and of what is gone', async () => {
    const none = `Expected the name ${bare} as confirmation, or --yes, found no answer. Nothing was deleted.`;
    await expectRefused(['job', 'delete', bare], 'E_NOT_CONFIRMED', none);
    const other = `Expected the name ${bare} as confirmation, or --yes, found "yes". Nothing was deleted.`;
    await expectRefused(['job', 'delete', bare], 'E_NOT_CONFIRMED', other, 'yes\n');
    const held = `Expected no run of job ${waiting.job} to be active, found ${waiting.run} (waiting). Wait for its end, or end it: vocab-sync cancel ${waiting.run}`;
    await expectRefused(['job', 'delete', waiting.job, '--yes'], 'E_RUN_STATE', held);
    const gone = bench.job('gone');
    bench.write(gone);
    await bench.cli(['apply', gone]);
    expect((await bench.cli(['job', 'delete', gone], { stdin: `${gone}\n` })).code).toBe(0);
    const deleted = new RegExp(`Expected a stored job "${gone}", found none \\(.* deleted it at \\d{4}-.*\\)`);
    await expectRefused(['job', 'show', gone], 'E_JOB_NOT_FOUND', deleted);
  });

  it('a schedule that is not there, and a resume of an inactive job', async () => {
    const none = `Expected a schedule vocab-sync/${bare} of vocab-sync in Temporal, found none.`;
    await expectRefused(['schedule', bare, 'pause'], 'E_SCHEDULE_STATE', none);
    await expectRefused(['schedule', bare, 'resume'], 'E_SCHEDULE_STATE', none);
    await bench.cli(['job', 'deactivate', job]);
    const inactive = `Expected job ${job} to be active, but it is not: its schedule stays paused. Switch it on: vocab-sync job activate ${job}`;
    await expectRefused(['schedule', job, 'resume'], 'E_SCHEDULE_STATE', inactive);
    await bench.cli(['job', 'activate', job]);
  });

  it('a schedule that is none', async () => {
    const set = (...words: string[]) => ['schedule', job, 'set', ...words];
    const forms = 'five fields of a crontab such as "30 3 * * 1", a span such as "6 hours" or "P7D", or a JSON object';
    await expectRefused(set(), 'E_JOB_INVALID', `Expected a schedule after "set", found none: ${forms}`);
    await expectRefused(set('soon'), 'E_JOB_INVALID', `Expected a schedule, found "soon": ${forms}`);
    await expectRefused(set('{"type":'), 'E_JOB_INVALID', 'Expected a schedule as JSON, but it is not JSON: ');
    await expectRefused(set('2 months'), 'E_JOB_INVALID', 'Expected a span of weeks at most, found "2 months"');
    await expectRefused(
      set('2 days', '--timezone', 'Europe/Zurich'),
      'E_JOB_INVALID',
      'found an interval, which has no zone',
    );
    await expectRefused(
      set('{}', '--timezone', 'UTC'),
      'E_JOB_INVALID',
      'Expected the time zone inside the JSON object',
    );
    await expectRefused(
      set('61 3 * * 1'),
      'E_JOB_INVALID',
      '/schedule/cron: expected a minute from 0 to 59 (or *, lists, ranges, steps), found the text "61 3 * * 1"',
    );
    await expectRefused(
      set('30 3 * * 1', '--timezone', 'Europe/Nowhere'),
      'E_JOB_INVALID',
      'expected a time zone by its IANA name',
    );
    await expectRefused(['schedule', job, 'clear', 'x'], 'E_JOB_INVALID', 'Expected nothing after "clear", found "x".');
    await expectRefused(['schedule', job, 'pause', 'x'], 'E_JOB_INVALID', 'Expected nothing after "pause", found "x".');
  });

  it('a copy under a name that is taken, or is none', async () => {
    const taken = new RegExp(
      `Expected no stored job "${bare}" yet, found version 1 of it, by .*\\. Choose another name; nothing was stored\\.`,
    );
    await expectRefused(['job', 'duplicate', job, bare], 'E_JOB_CHANGED', taken);
    await expectRefused(
      ['job', 'duplicate', job, 'Not A Name'],
      'E_JOB_INVALID',
      '/id: expected 1 to 64 lower-case letters',
    );
  });

  it('a run that is not there, or that two have in common', async () => {
    for (const words of [
      ['show'],
      ['logs'],
      ['changes'],
      ['rejections'],
      ['rollback'],
      ['retry-rejections'],
      ['cancel'],
      ['terminate'],
      ['approve'],
    ]) {
      const none = 'Expected the id of a run, found none that begins with "0123". `vocab-sync runs` lists them.';
      await expectRefused([...words, '0123'], 'E_RUN_NOT_FOUND', none);
    }
    await expectRefused(
      ['show', 'what?'],
      'E_RUN_NOT_FOUND',
      'Expected a run id, a prefix of one, JOB@latest or JOB@published, found "what?".',
    );
    await expectRefused(['show', 'nobody@latest'], 'E_RUN_NOT_FOUND', 'Expected a run of job "nobody", found none.');
    await expectRefused(['show', '01'], 'E_RUN_NOT_FOUND', 'Expected one run, found several that begin with "01": ');
    await expectRefused(
      ['show', randomUUID()],
      'E_RUN_NOT_FOUND',
      'Expected the id of a run, found none that begins with',
    );
  });

  it('what a run is in no state for', async () => {
    const ended = `Run ${run.run} ended as success already; there is nothing to stop.`;
    await expectRefused(['cancel', run.run], 'E_RUN_STATE', ended);
    await expectRefused(['terminate', run.run], 'E_RUN_STATE', ended);
    const waits = `Expected run ${run.run} to wait for approval, but it ended as success.`;
    await expectRefused(['approve', run.run], 'E_RUN_STATE', waits);
    await expectRefused(['discard', run.run], 'E_RUN_STATE', waits);
    await expectRefused(
      ['rollback', waiting.run],
      'E_RUN_STATE',
      `Run ${waiting.run} is still active (phase waiting); expected one that has ended.`,
    );
    await expectRefused(
      ['retry-rejections', waiting.run],
      'E_RUN_STATE',
      `Expected run ${waiting.run} to have ended, but it is in phase waiting.`,
    );
    const none = `The rejections of run ${run.run} cannot be retried: it rejected no record. Nothing was changed.`;
    await expectRefused(['retry-rejections', run.run], 'E_RETRY_REFUSED', none);
  });

  it('a time that is none', async () => {
    const time = 'expected "YYYY-MM-DD HH:mm", ISO 8601, a date, a span such as "P2D" or "2 days", or "none"';
    await expectRefused(
      ['run', job, '--since', 'soon'],
      'E_SINCE_INVALID',
      `"since" cannot be used: ${time}, found the text "soon".`,
    );
    await expectRefused(['run', job, '--since', '2026-02-30'], 'E_SINCE_INVALID', 'expected a day that exists');
    await expectRefused(
      ['run', job, '--since', '2999-01-01'],
      'E_SINCE_INVALID',
      'expected a time in the past (now is ',
    );
    await expectRefused(['runs', '--after', 'none'], 'E_SINCE_INVALID', 'Expected a time after --after, found "none".');
    const watermark = ['watermark', job];
    await expectRefused(
      [...watermark, 'set'],
      'E_SINCE_INVALID',
      'Expected a time to set the watermark to, found none; for example: vocab-sync watermark JOB set 2026-01-01',
    );
    await expectRefused(
      [...watermark, 'set', 'none'],
      'E_SINCE_INVALID',
      'To have the next run read everything: vocab-sync watermark JOB clear.',
    );
    await expectRefused(
      [...watermark, 'clear', '2026-01-01'],
      'E_SINCE_INVALID',
      'Expected nothing after "clear", found "2026-01-01".',
    );
  });

  it('a record that nobody knows, and an import that is no job', async () => {
    const none = `Expected changes of nobody in ${job}, found none. \`vocab-sync changes JOB@latest\` shows how targets and records are called.`;
    await expectRefused(['history', job, 'nobody'], 'E_RECORD_NOT_FOUND', none);
    await expectRefused(['job', 'import', '-'], 'E_JOB_INVALID', 'The job file on stdin has ', '{"id": "x"}');
    await expectRefused(['apply', 'nowhere'], 'E_JOB_NOT_FOUND', 'nowhere');
    writeFileSync(
      join(bench.cwd, 'twin.json'),
      JSON.stringify({ ...JSON.parse((await bench.cli(['job', 'export', bare])).stdout) }),
    );
    await expectRefused(
      ['apply', 'jobs', 'twin.json'],
      'E_JOB_INVALID',
      `Expected every job once, found "${bare}" in `,
    );
  });

  it('custom args and arguments that do not fit', async () => {
    await expectRefused(
      ['run', job, '--custom-args', '{'],
      'E_CUSTOM_ARGS_INVALID',
      'Expected --custom-args to be a JSON object or @FILE, but it is not JSON: ',
    );
    await expectRefused(['run', job, '--custom-args', '[]'], 'E_CUSTOM_ARGS_INVALID', 'found another JSON value.');
    await expectRefused(
      ['run', job, '--custom-args', '@nowhere.json'],
      'E_FILE_NOT_FOUND',
      'of --custom-args cannot be read: ',
    );
    await expectRefused(['run', job, '--custom-args', '{"readers": {"zip": {}}}'], 'E_CUSTOM_ARGS_INVALID', 'zip');
    await expectRefused(['run', job, '--arg', 'year=2026'], 'E_ARGUMENTS_INVALID', 'year');
  });

  it('a database that is not there, or does not let us in', async () => {
    const { databaseUrl } = bench;
    for (const [change, says] of [
      [(url: URL) => (url.pathname = '/nowhere'), 'database "nowhere" does not exist'],
      [(url: URL) => (url.username = 'nobody'), '"nobody"'],
    ] as const) {
      const url = new URL(databaseUrl);
      change(url);
      const { code, stderr } = await bench.cli(['runs'], { env: { ...bench.env, DATABASE_URL: url.href } });
      expect(stderr).toContain('error: PostgreSQL refuses the connection that DATABASE_URL describes');
      expect(stderr).toContain(says);
      expect(stderr).toContain('code:        E_SETTINGS_INVALID');
      expect(code).toBe(2);
    }
  });

  it('a queue that nobody polls, and a run that nobody could stop', async () => {
    const result = await bench.cli(['run', job, '--queue', 'nobody-is-here']);
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('No worker polls the task queue "nobody-is-here" of Temporal at ');
    expect(result.stderr).toContain('Expected at least one; nothing was started.');
    expect(result.stderr).toContain('code:        E_NO_WORKER');
    const detached = await bench.cli(['run', bare, '--queue', 'nobody-is-here', '--detach']);
    expect(detached.code).toBe(0);
    expect(detached.stderr).toContain('warning: No worker polls the task queue "nobody-is-here"');
    expect(detached.stderr).toContain('The run waits until one does.');
    const { findings } = await bench.json<{ findings: { subject: string; status: string; message: string }[] }>(
      'doctor',
      '--queue',
      'nobody-is-here',
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        subject: 'queue nobody-is-here',
        status: 'warn',
        message: 'no worker polls it; a run would wait',
      }),
    );
  });
});
