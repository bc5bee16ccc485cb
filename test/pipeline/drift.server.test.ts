/** Verifying, repairing and adopting what targets hold: the engine without Temporal. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import { listFindings } from '../../src/postgres/ledger/drift.ts';
import type { RunReport, VerifyInput } from '../../src/pipeline/run-steps.ts';
import type { DriftMode } from '../../src/records/run.ts';
import { runDrift, type DriftRunOptions } from '../support/drift-run.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { memoryTarget, type MemoryTarget } from '../support/memory-target.ts';
import { describeWithPostgres } from '../support/postgres.ts';

describeWithPostgres('drift', () => {
  let bench: TestEngine;
  let target: MemoryTarget;
  let id: string;
  let job: Record<string, unknown>;

  beforeAll(async () => {
    target = memoryTarget();
    bench = await openTestEngine(undefined, { writers: [target.writer] });
  });
  afterAll(() => bench.close());
  beforeEach(() => {
    id = `job-${randomUUID().slice(0, 8)}`;
    target.held.clear();
    [target.made.length, target.looked.length] = [0, 0];
    [target.before, target.after, target.beforePage, target.reads] = [undefined, undefined, undefined, 'list'];
    job = jobOf({ type: 'memory', args: { name: id } });
  });

  const write = (records: Readonly<Record<string, string>>): string =>
    bench.file(
      `${id}.jsonl`,
      Object.entries(records)
        .map(([key, name]) => `${JSON.stringify({ id: key, name })}\n`)
        .join(''),
    );
  const jobOf = (...writers: object[]): Record<string, unknown> =>
    linesJob(join(bench.directory, `${id}.jsonl`), { id, writers });
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${String(i).padStart(4, '0')}`, 'n']));
  const publish = (records: Readonly<Record<string, string>>): Promise<RunReport> => {
    write(records);
    return runJobOnce(bench.steps, job, { request: { force: true } });
  };
  const drift = (mode: DriftMode, options: DriftRunOptions = {}): Promise<RunReport> =>
    runDrift(bench.steps, mode, job, options);
  const found = (report: RunReport) => report.tasks[0]?.drift?.[0];
  const counts = (report: RunReport) => report.tasks[0]?.targets[0];
  const hold = (key: string, name: string): void => {
    target.held.set(key, { id: key, name });
  };
  const errorOf = async (work: Promise<unknown>): Promise<VocabSyncError | undefined> =>
    work.then(
      () => undefined,
      (thrown: unknown) => thrown as VocabSyncError,
    );

  describe('verify', () => {
    it('reports what differs and writes nothing into the target', async () => {
      await publish({ a: '1', b: '1', c: '1' });
      target.made.length = 0;
      target.held.delete('a');
      hold('b', '2');
      hold('x', '1');
      const report = await drift('verify');
      expect(report).toMatchObject({ mode: 'verify', outcome: 'partial' });
      expect(found(report)).toMatchObject({
        ...{ compared: 3, missing: 1, changed: 1, foreign: 1, state: 'done' },
        findings: [
          { id: 'a', kind: 'missing' },
          { id: 'b', kind: 'changed', fields: [{ pointer: '/name', published: '"1"', held: '"2"' }] },
          { id: 'x', kind: 'foreign' },
        ],
      });
      expect(target.made).toEqual([]);
    });

    it('leaves the watermark and the recognition of the source alone', async () => {
      await publish({ a: '1' });
      expect((await drift('verify')).outcome).toBe('success');
      const next = await runJobOnce(bench.steps, job);
      expect(next.outcome).toBe('unchanged');
    });

    it('does not report what the list lags behind, or records of another job and withdrawn ones', async () => {
      await publish({ a: '1', b: '1' });
      await publish({ a: '1' });
      const other = linesJob(bench.file('other.jsonl', '{"id":"o","name":"1"}\n'), {
        id: `${id}-2`,
        writers: job['writers'],
      });
      await runJobOnce(bench.steps, other);
      const document = target.held.get('a');
      target.beforePage = () => {
        if (document !== undefined) target.held.set('a', document);
      };
      target.held.delete('a');
      expect(found(await drift('verify'))).toMatchObject({ compared: 1, missing: 0, changed: 0, foreign: 0 });
      hold('b', '1');
      expect(found(await drift('verify'))).toMatchObject({ changed: 1, findings: [{ id: 'b' }] });
    });

    it('looks records up where the target has no list, and does not claim to know foreign ones', async () => {
      await publish(many(30));
      target.reads = 'look';
      target.held.delete('r0003');
      hold('x', '1');
      const report = await drift('verify');
      expect(found(report)).toMatchObject({ compared: 30, missing: 1, changed: 0, foreign: null });
    });

    it('compares a sample by looking records up', async () => {
      await publish(many(50));
      target.looked.length = 0;
      const report = await drift('verify', { request: { sample: 10 } });
      expect(found(report)).toMatchObject({ compared: 10, sample: 10, missing: 0, foreign: null });
      expect(new Set(target.looked).size).toBe(10);
    });

    it('is refused where the target cannot be read, and where the job has no such target', async () => {
      await publish({ a: '1' });
      target.reads = 'nothing';
      expect(await errorOf(drift('verify'))).toMatchObject({ code: 'E_DRIFT_REFUSED' });
      const none = await errorOf(drift('verify', { request: { target: 'solr' } }));
      expect(none).toMatchObject({ code: 'E_DRIFT_REFUSED' });
      expect(none?.message).toContain(`memory:${id}`);
    });

    it('resumes where an attempt ended, and counts nothing twice', async () => {
      await publish(many(900));
      target.held.delete('r0100');
      target.held.delete('r0800');
      const after: (string | undefined)[] = [];
      let pages = 0;
      target.beforePage = (place) => {
        after.push(place);
        pages += 1;
        if (pages === 12) throw new UnavailableError('E_TARGET_UNAVAILABLE', 'the connection was cut');
      };
      const verify = async (input: VerifyInput): Promise<void> => {
        expect(await errorOf(bench.steps.verifyTarget(input, stepContext()))).toMatchObject({
          code: 'E_TARGET_UNAVAILABLE',
        });
        pages = 100;
        const once = await bench.steps.verifyTarget(input, stepContext());
        expect(await bench.steps.verifyTarget(input, stepContext())).toEqual(once);
      };
      expect(found(await drift('verify', { verify }))).toMatchObject({
        compared: 900,
        missing: 2,
        changed: 0,
        foreign: 0,
      });
      expect(after.filter((place) => place === undefined)).toHaveLength(1);
    });

    it('stops within a batch when it is cancelled', async () => {
      await publish(many(500));
      const stop = new AbortController();
      let pages = 0;
      target.beforePage = () => {
        pages += 1;
        if (pages === 2) stop.abort(new Error('CANCELLED'));
      };
      const verify = (input: VerifyInput) => bench.steps.verifyTarget(input, stepContext(stop.signal));
      await expect(drift('verify', { verify })).rejects.toThrow('CANCELLED');
      expect(pages).toBeLessThan(4);
    });

    it('keeps a bounded number of findings and exact counts', async () => {
      await publish(many(1200));
      target.held.clear();
      const report = await drift('verify');
      expect(found(report)).toMatchObject({ missing: 1200 });
      const key = { run: report.run, task: report.tasks[0]?.name ?? '', target: `memory:${id}` };
      expect(await listFindings(bench.pool, key, { perKind: 5000 })).toHaveLength(1000);
    });
  });

  describe('resync', () => {
    it('sends exactly what differs, keeps what is foreign, and can be rolled back', async () => {
      await publish(many(40));
      target.made.length = 0;
      target.held.delete('r0001');
      hold('r0002', 'edited');
      hold('x', '1');
      const report = await drift('resync');
      expect(report).toMatchObject({ mode: 'resync', outcome: 'success' });
      expect(counts(report)).toMatchObject({ inserted: 1, updated: 1, overwritten: 1, withdrawn: 0, unchanged: 38 });
      expect(target.made.toSorted()).toEqual(['insert r0001', 'update r0002']);
      expect(target.held.get('x')).toMatchObject({ name: '1' });
      const after = await drift('verify');
      expect(after.outcome).toBe('success');
      expect(found(after)).toMatchObject({ missing: 0, changed: 0, foreign: 1 });
      const size = await bench.pool.query('SELECT published FROM vocab_sync.target_size WHERE job_id = $1', [id]);
      expect(size.rows).toEqual([{ published: 40 }]);
      target.made.length = 0;
      expect(counts(await publish(many(40)))).toMatchObject({ unchanged: 40 });
      expect(target.made).toEqual([]);
    });

    it('does nothing where nothing differs', async () => {
      await publish({ a: '1' });
      expect((await drift('resync')).outcome).toBe('unchanged');
      expect(target.made).toEqual(['insert a']);
    });

    it('keeps edited records and removes foreign records if the options say so', async () => {
      await publish({ a: '1', b: '1' });
      hold('a', 'edited');
      hold('x', '1');
      const report = await drift('resync', { request: { onChanged: 'keep', onForeign: 'remove' } });
      expect(report.outcome).toBe('partial');
      expect(counts(report)).toMatchObject({ updated: 0, kept: 1, withdrawn: 1 });
      expect([...target.held.keys()].toSorted()).toEqual(['a', 'b']);
      expect(target.held.get('a')).toMatchObject({ name: 'edited' });
    });

    it('trips guards, and asks before it overwrites if the policy is ask', async () => {
      await publish({ a: '1', b: '1' });
      hold('a', 'edited');
      expect(await drift('resync', { request: { onChanged: 'ask' } })).toMatchObject({ outcome: 'discarded' });
      expect(target.held.get('a')).toMatchObject({ name: 'edited' });
      await drift('resync', { request: { onChanged: 'ask' }, approve: true });
      expect(target.held.get('a')).toMatchObject({ name: '1' });
      target.held.clear();
      job = { ...job, guards: { max_growth_percent: 20 } };
      const guarded = await drift('resync');
      expect(guarded).toMatchObject({ outcome: 'discarded', tasks: [{ trips: [{ guard: 'max_growth_percent' }] }] });
    });

    it('makes a rejection of what the target refuses', async () => {
      await publish({ a: '1', b: '1' });
      target.held.clear();
      target.before = ({ id: record }) =>
        record === 'a'
          ? { id: record, result: 'rejected', code: 'E_TARGET_DELETED', message: 'a tombstone' }
          : undefined;
      const report = await drift('resync');
      expect(report.outcome).toBe('partial');
      expect(counts(report)).toMatchObject({ inserted: 1, rejected: 1 });
    });
  });

  describe('adopt', () => {
    it('writes nothing where the target holds everything, and leaves nothing for the next run', async () => {
      write(many(300));
      for (const [key, name] of Object.entries(many(300))) hold(key, name);
      hold('local', 'made by hand');
      const report = await drift('adopt');
      expect(report.outcome).toBe('success');
      expect(counts(report)).toMatchObject({ adopted: 300, inserted: 0, updated: 0 });
      expect(found(report)).toMatchObject({ foreign: 1 });
      expect((await runJobOnce(bench.steps, job)).outcome).toBe('success');
      expect(target.made).toEqual([]);
      const next = await publish({ ...many(299), r0298: 'changed', new: '1' });
      expect(counts(next)).toMatchObject({ inserted: 1, updated: 1, unchanged: 298, withdrawn: 1 });
      expect(target.made.toSorted()).toEqual(['insert new', 'update r0298', 'withdraw r0299']);
      expect(target.held.get('local')).toMatchObject({ name: 'made by hand' });
    });

    it('overwrites, keeps or asks, and a rollback puts back what it overwrote', async () => {
      write({ a: '1', b: '1', c: '1' });
      hold('a', 'edited');
      hold('b', '1');
      expect(await drift('adopt', { request: { onChanged: 'ask' } })).toMatchObject({
        outcome: 'discarded',
        tasks: [{ trips: [{ guard: 'ask' }] }],
      });
      expect(target.made).toEqual([]);
      const report = await drift('adopt', { request: { onChanged: 'overwrite' } });
      expect(counts(report)).toMatchObject({ adopted: 1, updated: 1, overwritten: 1, inserted: 1 });
      expect(target.made.toSorted()).toEqual(['insert c', 'update a']);
      const { rows } = await bench.pool.query(
        "SELECT before ->> 'name' AS was FROM vocab_sync.change WHERE run_id = $1 AND id = 'a'",
        [report.run],
      );
      expect(rows).toEqual([{ was: 'edited' }]);
      expect(found(await drift('verify'))).toMatchObject({ missing: 0, changed: 0 });
    });

    it('keeps an edited record also when the source changes it later', async () => {
      write({ a: '1', b: '1' });
      hold('a', 'edited');
      hold('b', '1');
      const kept = await drift('adopt', { request: { onChanged: 'keep' } });
      expect(kept.outcome).toBe('partial');
      expect(counts(kept)).toMatchObject({ adopted: 1, kept: 1 });
      const { rows } = await bench.pool.query('SELECT code, record_id FROM vocab_sync.rejection WHERE run_id = $1', [
        kept.run,
      ]);
      expect(rows).toEqual([{ code: 'E_TARGET_EDITED', record_id: 'a' }]);
      expect(counts(await publish({ a: '1', b: '1' }))).toMatchObject({ unchanged: 2 });
      expect(target.made).toEqual([]);
    });
  });

  describe('a table of the database', () => {
    const table = (): string => id.replaceAll('-', '_');
    beforeEach(() => {
      job = jobOf({ type: 'postgres', args: { table: table() } });
    });

    it('is compared with the digests and the change log of its publication', async () => {
      await publish({ a: '1', b: '1', c: '1', d: '1' });
      await publish({ a: '1', b: '1', c: '1', d: '2' });
      const name = `vocabularies."${table()}"`;
      await bench.pool.query(`DELETE FROM ${name} WHERE id = 'a'`);
      await bench.pool.query(`UPDATE ${name} SET record = jsonb_set(record, '{name}', '"sql"') WHERE id IN ('b', 'd')`);
      await bench.pool.query(
        `INSERT INTO ${name} (id, record, hash) VALUES ('x', '{"id": "x", "name": "local"}', sha256('x'))`,
      );
      const report = await drift('verify');
      expect(report.outcome).toBe('partial');
      expect(found(report)).toMatchObject({
        ...{ compared: 3, missing: 1, changed: 2, foreign: 1 },
        findings: [
          { id: 'a', kind: 'missing' },
          { id: 'b', kind: 'changed' },
          { id: 'd', kind: 'changed', fields: [{ pointer: '/name', published: '"2"', held: '"sql"' }] },
          { id: 'x', kind: 'foreign' },
        ],
      });
      expect(await errorOf(drift('resync'))).toMatchObject({ code: 'E_DRIFT_REFUSED' });
      expect(await errorOf(drift('adopt'))).toMatchObject({ code: 'E_DRIFT_REFUSED' });
      await publish({ a: '1', b: '1', c: '1', d: '2' });
      expect(found(await drift('verify'))).toMatchObject({ compared: 4, missing: 0, changed: 0, foreign: 1 });
      expect(await readTable(bench.pool, table())).toHaveLength(5);
    });

    it('is compared with what the jobs say together where it has layers', async () => {
      await publish({ a: '1', b: '1' });
      const layer = { name: 'codes', owns: ['/code'] };
      const other = linesJob(bench.file(`${id}-layer.jsonl`, '{"id":"a","code":"X"}\n'), {
        id: `${id}-layer`,
        writers: [{ type: 'postgres', args: { table: table() }, layer }],
      });
      await runJobOnce(bench.steps, other);
      expect(found(await drift('verify'))).toMatchObject({ compared: 2, missing: 0, changed: 0, foreign: 0 });
      await bench.pool.query(
        `UPDATE vocabularies."${table()}" SET record = jsonb_set(record, '{code}', '"sql"') WHERE id = 'a'`,
      );
      expect(found(await drift('verify'))?.findings).toMatchObject([
        { id: 'a', kind: 'changed', fields: [{ pointer: '/code', published: '"X"', held: '"sql"' }] },
      ]);
      // The job of the layer makes no records. It would compare none of them, and find no drift.
      for (const mode of ['verify', 'resync'] as const) {
        expect(await errorOf(runDrift(bench.steps, mode, other))).toMatchObject({
          code: 'E_DRIFT_REFUSED',
          message: expect.stringContaining('only adds a layer') as string,
        });
      }
    });
  });

  describe('a file', () => {
    it('is compared by its digest, and written again', async () => {
      const path = join(bench.directory, `${id}-out.jsonl`);
      job = jobOf({ type: 'file', args: { path } });
      await publish({ a: '1', b: '1' });
      expect((await drift('verify')).outcome).toBe('success');
      // As many bytes as before.
      writeFileSync(path, '{"id":"a","name":"1"}\n{"id":"b","name":"X"}\n');
      const report = await drift('verify');
      expect(found(report)).toMatchObject({ changed: 1, missing: 0 });
      expect(found(report)?.findings[0]?.note).toContain(path);
      expect((await drift('resync')).outcome).toBe('success');
      expect((await drift('verify')).outcome).toBe('success');
    });
  });
});
