/** Targets that something other than a run wrote to: counted again, and published again where records are missing. */
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { measureTarget } from '../../src/postgres/publish/target-size.ts';
import { tableTarget } from '../../src/postgres/publish/target.ts';
import { rollbackRun } from '../../src/pipeline/undo/rollback-run.ts';
import {
  linesJob,
  openTestEngine,
  readTable,
  runJobOnce,
  type RunOptions,
  type TestEngine,
} from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const lines = (count: number, value = 1): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ id: `r${String(i)}`, value })).join('\n');

const TARGET = tableTarget('postgres:lines', 'lines');

describeWithPostgres('a target that was edited by hand', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  const run = (config: Record<string, unknown>, options: RunOptions = {}) => runJobOnce(test.steps, config, options);
  const job = (): Record<string, unknown> => linesJob(test.file('a.jsonl', lines(5)));
  const edit = (sql: string) => test.pool.query(sql);
  const kept = async (): Promise<number> => (await measureTarget(test.pool, TARGET, 'lines')).published;

  it.each([
    ['truncated', 'TRUNCATE vocabularies.lines', 5],
    ['emptied', 'DELETE FROM vocabularies.lines', 5],
    ['robbed of a record', `DELETE FROM vocabularies.lines WHERE id = 'r3'`, 1],
    ['withdrawn by hand', `UPDATE vocabularies.lines SET withdrawn_at = now() WHERE id = 'r3'`, 1],
    ['edited', `UPDATE vocabularies.lines SET record = '{"id": "r3", "value": 9}' WHERE id = 'r3'`, 1],
    ['dropped', 'DROP TABLE vocabularies.lines CASCADE', 5],
  ])('is published again when it was %s, and the report says why', async (_what, sql, repaired) => {
    const config = job();
    await run(config);
    await edit(sql);
    const report = await run(config);
    expect(report.outcome).toBe('success');
    const counts = report.tasks[0]?.targets[0];
    expect((counts?.inserted ?? 0) + (counts?.updated ?? 0) + (counts?.restored ?? 0)).toBe(repaired);
    expect(report.tasks[0]?.warnings).toMatchObject([{ code: 'W_TARGET_EDITED', count: 1 }]);
    expect(report.tasks[0]?.warnings[0]?.samples[0]).toContain('postgres:lines');
    const rows = await readTable(test.pool, 'lines');
    expect(rows.map(({ record, withdrawn }) => [record['value'], withdrawn])).toEqual(Array(5).fill([1, false]));
    // It is repaired, so the next run has nothing to do and nothing to say.
    expect(await run(config)).toMatchObject({ outcome: 'unchanged', tasks: [{ warnings: [] }] });
    expect(await kept()).toBe(5);
  });

  it('is left alone when only records of others were edited', async () => {
    const config = job();
    await run(config);
    await edit(`INSERT INTO vocabularies.lines (id, record, hash) VALUES ('local', '{}', '\\x01')`);
    await edit(`UPDATE vocabularies.lines SET record = '{"a": 1}' WHERE id = 'local'`);
    expect(await run(config)).toMatchObject({ outcome: 'unchanged', tasks: [{ warnings: [] }] });
  });

  it('is noticed by the first run after it, also when that run fails or is only a plan', async () => {
    const config = job();
    await run(config);
    await edit('TRUNCATE vocabularies.lines');
    const trips = await run({ ...config, guards: { min_records: 100 } });
    expect(trips.outcome).toBe('discarded');
    expect((await run(config)).tasks[0]).toMatchObject({ targets: [{ inserted: 5 }], warnings: [{ count: 1 }] });
  });

  it('makes an incremental run read everything', async () => {
    const config = job();
    await run(config);
    await edit(`DELETE FROM vocabularies.lines WHERE id = 'r3'`);
    const report = await run(config);
    expect(report.since).toBeNull();
    expect(report.since_reason).toContain('1 of them are gone');
    expect((await run(config)).since).toBe(report.started_at);
  });

  it('keeps the counts of several jobs in one table apart', async () => {
    const other = linesJob(test.file('b.jsonl', '{"id":"x1"}\n{"id":"x2"}\n'), { id: 'other' });
    await run(job());
    await run(other);
    await edit(`DELETE FROM vocabularies.lines WHERE id = 'x1'`);
    expect((await run(job())).outcome).toBe('unchanged');
    expect((await run(other)).tasks[0]).toMatchObject({ targets: [{ inserted: 1, unchanged: 1 }] });
  });

  it('keeps the count through withdrawals, restorations, a failed publication and a rollback', async () => {
    const few = linesJob(test.file('few.jsonl', lines(3)));
    await run(job());
    await run(few);
    expect(await kept()).toBe(3);
    const again = await run(job());
    expect(await kept()).toBe(5);
    await rollbackRun(test.engine, {
      run: again.run,
      startedBy: 'test',
      force: false,
      signal: new AbortController().signal,
    });
    expect(await kept()).toBe(3);
    await edit(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON vocabularies.lines FOR EACH ROW EXECUTE FUNCTION public.refuse()`);
    await expect(run(linesJob(test.file('new.jsonl', lines(9, 2))))).rejects.toThrow();
    await edit('DROP TRIGGER refuse ON vocabularies.lines');
    expect(await kept()).toBe(3);
  });

  it('is counted again where it was observed by no trigger', async () => {
    const config = job();
    await run(config);
    await edit('DROP TRIGGER vocab_sync_edit ON vocabularies.lines');
    await edit(`DELETE FROM vocabularies.lines WHERE id = 'r3'`);
    expect((await run(config)).tasks[0]).toMatchObject({ targets: [{ inserted: 1 }] });
    await edit(`DELETE FROM vocabularies.lines WHERE id = 'r1'`);
    expect((await run(config)).tasks[0]).toMatchObject({ targets: [{ inserted: 1 }] });
  });

  describeWithPostgres('and is a file', () => {
    const out = (): string => join(test.directory, 'out.jsonl');
    const fileJob = (): Record<string, unknown> => ({
      ...job(),
      writers: [{ type: 'file', args: { path: out() } }],
    });

    it.each([
      [
        'removed',
        () => {
          rmSync(out());
        },
        'is gone',
      ],
      [
        'cut',
        () => {
          writeFileSync(out(), 'x');
        },
        '1 bytes',
      ],
      [
        'emptied of its manifest',
        () => {
          rmSync(`${out()}.manifest.json`);
        },
        'manifest',
      ],
    ])('is written again when it was %s', async (what, damage, why) => {
      const config = fileJob();
      await run(config);
      const before = readFileSync(out(), 'utf8');
      damage();
      // Without its manifest nobody can tell whose file it is.
      if (what === 'emptied of its manifest') {
        await expect(run(config)).rejects.toMatchObject({ code: 'E_TARGET_CONFLICT' });
        return;
      }
      const report = await run(config);
      expect(report.outcome).toBe('success');
      expect(report.tasks[0]?.warnings[0]?.samples[0]).toContain(why);
      expect(readFileSync(out(), 'utf8')).toBe(before);
      expect(await run(config)).toMatchObject({ outcome: 'unchanged', tasks: [{ warnings: [] }] });
    });

    it('is read to the end only when it was written after its manifest', async () => {
      const config = fileJob();
      await run(config);
      const before = readFileSync(out(), 'utf8');
      const later = new Date(Date.now() + 60_000);
      utimesSync(out(), later, later);
      expect((await run(config)).outcome).toBe('unchanged');
      writeFileSync(out(), before.replace('1', '7'));
      utimesSync(out(), later, later);
      expect((await run(config)).tasks[0]?.warnings[0]?.samples[0]).toContain('content');
      expect(readFileSync(out(), 'utf8')).toBe(before);
      expect(existsSync(`${out()}.manifest.json`)).toBe(true);
    });
  });
});
