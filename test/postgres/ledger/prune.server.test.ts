/** What prune removes, and above all what it keeps. */
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listRuns } from '../../../src/postgres/ledger/history.ts';
import { listFilesInUse, prune } from '../../../src/postgres/ledger/prune.ts';
import { readRecordHistory } from '../../../src/postgres/ledger/record-history.ts';
import { createRunId } from '../../../src/records/run-id.ts';
import { pruneSpool } from '../../../src/spool/prune-spool.ts';
import { describeWithPostgres } from '../../support/postgres.ts';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../../support/engine.ts';

const LATER = new Date(Date.now() + 86_400_000);

describeWithPostgres('prune', () => {
  let test: TestEngine;
  const runs: string[] = [];
  beforeAll(async () => {
    test = await openTestEngine();
    // Two publications, then a failure and one that found nothing new.
    for (const [i, lines] of ['{"id":"a","v":1}', '{"id":"a","v":2}\nbroken', '{"id":"a","v":3}'].entries()) {
      const path = test.file(`${String(i)}.jsonl`, `${lines}\n`);
      runs.push((await runJobOnce(test.steps, linesJob(path), { run: createRunId() })).run);
    }
    runs.push((await runJobOnce(test.steps, linesJob(join(test.directory, '2.jsonl')), { run: createRunId() })).run);
  });
  afterAll(async () => {
    await test.close();
  });

  const left = async (): Promise<readonly string[]> =>
    (await listRuns(test.pool, { limit: 100 })).map(({ run }) => run).reverse();
  const rules = { runsBefore: LATER, keepRuns: 1, changesBefore: undefined };

  it('removes nothing that is young enough or among the newest', async () => {
    const young = await prune(test.pool, { ...rules, runsBefore: new Date(0) }, false);
    const newest = await prune(test.pool, { ...rules, keepRuns: 10 }, false);
    expect([young.runs, newest.runs]).toEqual([0, 0]);
  });

  it('says in a dry run what it would remove, and removes nothing', async () => {
    expect(await prune(test.pool, rules, true)).toMatchObject({ runs: 2, rejections: 1, changes: 0 });
    expect(await left()).toEqual(runs);
  });

  it('keeps what the watermark and the next comparison stand on, and the history of records', async () => {
    const before = await readRecordHistory(test.pool, 'a', ['postgres:lines']);
    expect(await prune(test.pool, rules, false)).toMatchObject({ runs: 2, rejections: 1, changes: 0 });
    // The last one moves the watermark, the one before it published what is there.
    expect(await left()).toEqual(runs.slice(2));
    const after = await readRecordHistory(test.pool, 'a', ['postgres:lines']);
    expect(after.map(({ op, run, after: record }) => [op, run, record])).toEqual(
      before.map(({ op, run, after: record }) => [op, run, record]),
    );
    const again = await runJobOnce(test.steps, linesJob(join(test.directory, '2.jsonl')), { run: createRunId() });
    expect(again.outcome).toBe('unchanged');
  });

  it('removes changes only when their age is given, also those of runs that are gone', async () => {
    const pruned = await prune(test.pool, { ...rules, keepRuns: 10, changesBefore: LATER }, false);
    expect(pruned.changes).toBe(3);
    expect(await readRecordHistory(test.pool, 'a', ['postgres:lines'])).toEqual([]);
  });

  it('removes old files of the spool, but not those of a run under way nor locks nor what is not ours', async () => {
    const spool = join(test.directory, 'spool');
    const place = (path: string, isOld = true): string => {
      const full = join(spool, path);
      mkdirSync(join(full, '..'), { recursive: true });
      writeFileSync(full, '12345');
      if (isOld) utimesSync(full, new Date(0), new Date(0));
      return full;
    };
    const gone = [place('downloads/aa/dump.zip'), place('downloads/k.part'), place('tmp/x'), place('input/y.json')];
    const inUse = place('downloads/bb/used.zip');
    const kept = [inUse, place('downloads/k.lock'), place('other/file'), place('downloads/cc/new.zip', false)];
    await test.pool.query(`UPDATE vocab_sync.task SET source = $2 WHERE run_id = $1`, [
      runs[3],
      JSON.stringify({ version: { name: 'x', version: 'x' }, files: [{ path: inUse }] }),
    ]);
    await test.pool.query(`UPDATE vocab_sync.run SET finished_at = NULL WHERE id = $1`, [runs[3]]);
    const files = await listFilesInUse(test.pool);
    expect(await pruneSpool(spool, { before: new Date(1000), inUse: files }, true)).toEqual({ files: 4, bytes: 20 });
    expect([...gone, ...kept].every((path) => existsSync(path))).toBe(true);
    expect(await pruneSpool(spool, { before: new Date(1000), inUse: files }, false)).toEqual({ files: 4, bytes: 20 });
    expect(gone.filter((path) => existsSync(path))).toEqual([]);
    expect(kept.filter((path) => !existsSync(path))).toEqual([]);
    expect(existsSync(join(spool, 'downloads/aa'))).toBe(false);
  });

  it('removes the oldest files of a spool that is too large, but none in use and none that was written just now', async () => {
    const spool = join(test.directory, 'large');
    const place = (name: string, minutesAgo: number): string => {
      const full = join(spool, 'downloads', name);
      mkdirSync(join(full, '..'), { recursive: true });
      writeFileSync(full, '12345');
      const at = new Date(Date.now() - minutesAgo * 60_000);
      utimesSync(full, at, at);
      return full;
    };
    const [used, oldest, older, young] = [
      place('used', 900),
      place('oldest', 800),
      place('older', 700),
      place('young', 1),
    ];
    const limits = { before: new Date(0), inUse: new Set([used]) };
    expect(await pruneSpool(spool, { ...limits, mostBytes: 20 }, false)).toEqual({ files: 0, bytes: 0 });
    expect(await pruneSpool(spool, { ...limits, mostBytes: 15 }, false)).toEqual({ files: 1, bytes: 5 });
    expect([used, oldest, older, young].map((path) => existsSync(path))).toEqual([true, false, true, true]);
    expect(await pruneSpool(spool, { ...limits, mostBytes: 1 }, false)).toEqual({ files: 1, bytes: 5 });
    expect([used, older, young].map((path) => existsSync(path))).toEqual([true, false, true]);
  });
});
