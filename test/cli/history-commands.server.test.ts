/** Looking back and undoing from the command line, with the database alone: no Temporal is there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRunId } from '../../src/records/run-id.ts';
import type { RunReport } from '../../src/records/run.ts';
import { startNoticeServer, type NoticeServer } from '../support/notice-server.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { runWords, type RunResult } from './run-words.ts';

describeWithPostgres('the commands that look back', () => {
  let test: TestEngine;
  let first: RunReport;
  let second: RunReport;
  let server: NoticeServer;

  const publish = (lines: string): Promise<RunReport> => {
    const writers = [
      { type: 'postgres', args: { table: 'looked', on_missing: 'withdraw' } },
      { type: 'file', args: { path: join(test.directory, 'looked-out.jsonl') } },
    ];
    const path = test.file('looked.jsonl', lines);
    const url = { $secret: `file:${test.file('webhook', server.url)}` };
    const notify = [{ type: 'webhook', on: ['rolled_back'], url }];
    return runJobOnce(test.steps, linesJob(path, { id: 'looked', title: 'Looked *at*', writers, notify }), {
      run: createRunId(),
    });
  };
  beforeAll(async () => {
    test = await openTestEngine();
    server = await startNoticeServer();
    first = await publish('{"id":"a","name":"Old"}\n');
    second = await publish('{"id":"a","name":"New"}\n{"id":"b","name":"Bee"}\nbroken\n');
  });
  afterAll(async () => {
    await test.close();
    await server.close();
  });

  const cli = (...words: readonly string[]): Promise<RunResult> =>
    runWords(words, {
      cwd: test.directory,
      env: { DATABASE_URL: test.url, VOCAB_SYNC_HOME: join(test.directory, 'home') },
    });

  it('runs: filters by trigger and time, and says how to see the next page', async () => {
    const page = await cli('runs', 'looked', '--limit', '1');
    expect(page.stdout).toContain(second.run.slice(0, 13));
    expect(page.stderr).toMatch(new RegExp(`the next page:\\n {2}vocab-sync runs .*--limit 1 --before ${second.run}`));
    for (const before of [second.run, second.run.slice(0, 20).toUpperCase(), second.started_at]) {
      const next = await cli('runs', 'looked', '--limit', '1', '--before', before, '--json');
      expect(JSON.parse(next.stdout)).toMatchObject({ runs: [{ run: first.run }] });
    }
    expect((await cli('runs', '--trigger', 'schedule')).stdout).toBe('No runs.\n');
    expect((await cli('runs', '--after', 'P1D', '--status', 'partial')).stdout).toContain('partial');
    const soon = await cli('runs', '--after', 'soon');
    expect(soon.code).toBe(2);
    expect(soon.stderr).toContain('The time of --after cannot be used: expected "YYYY-MM-DD HH:mm"');
  });

  it('runs: no page leaves out a run, also where many began at the same moment and others begin meanwhile', async () => {
    const began = '2020-03-01T03:30:00.000Z';
    const add = async (job: string, at: string): Promise<string> => {
      const id = createRunId();
      await test.pool.query(
        `INSERT INTO vocab_sync.run (id, job_id, title, workflow_id, phase, outcome, trigger, mode, started_at, finished_at, since_reason, request, config, config_digest, has_input, forced)
         SELECT $1::uuid, $2::text, title, $1::text, 'done', 'unchanged', trigger, mode, $3::timestamptz, $3::timestamptz,
           since_reason, request, config, config_digest, has_input, forced FROM vocab_sync.run WHERE id = $4`,
        [id, job, at, first.run],
      );
      return id;
    };
    const added: string[] = [];
    for (let i = 0; i < 5; i += 1) added.push(await add('crowd', began));
    const seen: string[] = [];
    for (let page = 0; page < 5; page += 1) {
      const behind = seen.at(-1);
      const words = behind === undefined ? [] : ['--before', behind];
      const { stdout } = await cli('runs', 'crowd', '--limit', '2', ...words, '--json');
      seen.push(...(JSON.parse(stdout) as { runs: { run: string }[] }).runs.map(({ run }) => run));
      await add('crowd', '2020-03-02T03:30:00.000Z');
    }
    expect(seen.toSorted()).toEqual(added.toSorted());
  });

  it('show: what each step took', async () => {
    const { stdout } = await cli('show', second.run);
    expect(stdout).toMatch(/step +began +took +attempts\n +fetch +\S+ \S+ UTC +[\d.]+ s +1\n +stage /);
  });

  it('logs: the lines of the run', async () => {
    const { stdout, code } = await cli('logs', second.run, '--follow');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Z {2}info {3}applyChanges main: The step ended\. took_ms=\d+\n/);
    expect((await cli('logs', second.run, '--level', 'error')).stdout).toBe('');
  });

  it('changes: a release note for librarians', async () => {
    const { stdout } = await cli('changes', second.run, '--format', 'markdown', '--target', 'postgres:looked');
    expect(stdout.split('\n').slice(0, 5)).toEqual([
      '# Looked \\*at\\*',
      '',
      `${second.finished_at?.slice(0, 19).replace('T', ' ') ?? ''} UTC, from looked.jsonl, run ${second.run}`,
      '',
      '- postgres:looked: 1 new, 1 changed',
    ]);
    expect(stdout).toContain('### Changed\n\n- **New** (a)\n  - /name: "Old" → "New"\n');
    const cut = await cli('changes', second.run, '--format', 'markdown', '--limit', '1');
    expect(cut.stdout).toContain('Only the first 1 changes are listed.');
  });

  it('say so where there is nothing to show', async () => {
    const elsewhere = await cli('changes', second.run, '--target', 'postgres:lookd');
    expect(elsewhere.stderr).toContain(
      `Run ${second.run} has no target "postgres:lookd"; it has postgres:looked, file:`,
    );
    const silent = await cli('logs', first.run, '--level', 'error');
    expect(silent).toMatchObject({ code: 0, stdout: '' });
    expect(silent.stderr).toContain(`No lines of level error or above are kept of run ${first.run}.`);
  });

  it('trace: one record, step by step', async () => {
    const { stdout } = await cli('trace', second.run, 'a');
    expect(stdout).toContain('--- read\n{\n  "id": "a",\n  "name": "New"\n}\n=== staged as a');
    expect(stdout).toContain('/name  "Old" → "New"');
    expect((await cli('trace', second.run, 'broken')).stdout).toContain('=== rejected: E_');
  });

  it('rollback: puts it back, shows itself, and appears in the history of the record', async () => {
    const back = await cli('rollback', 'looked@latest');
    expect(back.code).toBe(0);
    expect(back.stdout).toContain(`rolls back  run ${second.run}`);
    expect(back.stdout).not.toContain('workflow');
    // A second rollback of the latest run at the same moment must not undo this one.
    const twice = await cli('rollback', 'looked@latest');
    expect(twice.code).toBe(2);
    expect(twice.stderr).toContain(`is itself a rollback, of run ${second.run}, by `);
    expect(twice.stderr).toMatch(/To undo the rollback, name it: vocab-sync rollback [0-9a-f-]{36}\n/);
    expect((await cli('runs', 'looked', '--limit', '1')).stdout).toMatch(/ rollback\n$/);
    expect(await readTable(test.pool, 'looked')).toEqual([
      { id: 'a', record: { id: 'a', name: 'Old' }, withdrawn: false },
    ]);
    expect(readFileSync(join(test.directory, 'looked-out.jsonl'), 'utf8')).toBe('{"id":"a","name":"Old"}\n');
    const undone = await cli('show', second.run);
    expect(undone.stdout).toMatch(/^Looked \*at\*: rolled back/);
    const listed = await cli('runs', 'looked', '--status', 'rolled_back', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject({ runs: [{ run: second.run }] });
    expect((await cli('runs', 'looked', '--status', 'rolled_back')).stdout).toMatch(/ rolled back /);
    expect((await cli('runs', 'looked', '--status', 'partial')).stdout).toBe('No runs.\n');
    expect(server.bodies).toMatchObject([
      { event: 'rolled_back', text: expect.stringContaining(second.run) as string, report: { rolls_back: second.run } },
    ]);

    const { stdout } = await cli('history', 'looked', 'a');
    expect((await cli('job', 'history', 'looked', 'a')).stdout).toBe(stdout);
    expect(
      stdout.split('\n').map((line) => line.replace(/^ .* UTC {2}/, '').replace(/[0-9a-f]{8}-[0-9a-f]{4}/, 'RUN')),
    ).toEqual([
      'postgres:looked',
      'insert    run RUN  looked.jsonl',
      'update    run RUN  looked.jsonl',
      '    /name  "Old" → "New"',
      'update    rollback RUN  Rollback of Looked *at*',
      '    /name  "New" → "Old"',
      '',
    ]);
    const changes = await cli('changes', 'looked@latest', '--op', 'remove');
    expect(changes.stdout).toMatch(/^remove +b +Bee +\(postgres:looked\)\n/);
  });

  it('published: the newest run that changed something and was not rolled back, which the latest run hints at', async () => {
    expect(JSON.parse((await cli('show', 'looked@published', '--json')).stdout)).toMatchObject({ run: first.run });
    await publish('{"id":"a","name":"Old"}\n');
    const latest = await cli('changes', 'looked@latest');
    expect(latest.stderr).toContain(`is ${first.run.slice(0, 13)}: vocab-sync changes looked@published`);
    expect((await cli('changes', 'looked@published')).stderr).not.toContain('@published');
    const none = await cli('show', 'crowd@published');
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('E_RUN_NOT_FOUND');
  });

  it('rollback: refuses what was rolled back already, as an error with a remedy', async () => {
    const again = await cli('rollback', second.run);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('E_ROLLBACK_REFUSED');
    expect(again.stderr).toContain('rolled it back already');
  });

  it('history: of a record that nobody knows says where to look', async () => {
    const unknown = await cli('history', 'looked', 'nowhere');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('Expected changes of nowhere in looked, found none.');
  });

  it('prune: says what would go', async () => {
    const { stdout } = await cli('prune', '--dry-run', '--runs-older-than', 'P1D');
    expect(stdout).toMatch(/^Would remove 0 runs, 0 rejections, 0 lines of log, 0 changes, 0 files of the spool/);
    expect((await cli('prune', '--runs-older-than', 'long')).code).toBe(2);
    const old = await cli('prune', '--dry-run', '--keep-runs', '1');
    expect(old.stdout).toMatch(
      /^Would remove \d+ runs, [^]*\n {2}crowd: \d+ runs, 2020-03-01 03:30:00 UTC to 2020-03-02 03:30:00 UTC\n$/,
    );
    expect((await cli('runs', 'crowd', '--json')).stdout).toContain('2020-03-01');
  });
});
