/** Publishing into targets that take changes one by one: only changes go out, each once, whatever ends an attempt. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import type { PublishInput, RunReport } from '../../src/pipeline/run-steps.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { memoryTarget, type MemoryTarget } from '../support/memory-target.ts';

let bench: TestEngine;
let first: MemoryTarget;
let second: MemoryTarget;
let id: string;

beforeAll(async () => {
  [first, second] = [memoryTarget('memory'), memoryTarget('other')];
  bench = await openTestEngine(undefined, { writers: [first.writer, second.writer] });
});
afterAll(() => bench.close());
beforeEach(() => {
  id = `job-${randomUUID().slice(0, 8)}`;
  for (const target of [first, second]) {
    target.held.clear();
    [target.made.length, target.looked.length, target.finished] = [0, 0, 0];
    [target.before, target.after] = [undefined, undefined];
  }
});

const lines = (records: Readonly<Record<string, string>>): string =>
  bench.file(
    'lines.jsonl',
    Object.entries(records)
      .map(([key, name]) => `${JSON.stringify({ id: key, name })}\n`)
      .join(''),
  );
const job = (path: string, writers = [{ type: 'memory', args: { name: id } }] as readonly unknown[]) =>
  linesJob(path, { id, writers });
const many = (count: number, name = 'n'): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${String(i).padStart(4, '0')}`, name]));
const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => (thrown as VocabSyncError).code,
  );
const rejectionsOf = async (run: string): Promise<unknown> =>
  (await bench.pool.query('SELECT code, message, record_id FROM vocab_sync.rejection WHERE run_id = $1', [run])).rows;
const targetOf = (report: Awaited<ReturnType<typeof runJobOnce>>) => report.tasks[0]?.targets[0];

describe('what is sent', () => {
  it('is only what changed, and nothing for an unchanged source', async () => {
    const report = await runJobOnce(bench.steps, job(lines({ a: '1', b: '1', c: '1' })));
    expect(report.outcome).toBe('success');
    expect(first.made.toSorted()).toEqual(['insert a', 'insert b', 'insert c']);
    const again = await runJobOnce(bench.steps, job(lines({ a: '1', b: '2', d: '1' })));
    expect(targetOf(again)).toMatchObject({ inserted: 1, updated: 1, unchanged: 1, withdrawn: 1 });
    expect(first.made.slice(3).toSorted()).toEqual(['insert d', 'update b', 'withdraw c']);
    const same = await runJobOnce(bench.steps, job(lines({ a: '1', b: '2', d: '1' })), { request: { force: true } });
    expect(targetOf(same)).toMatchObject({ unchanged: 3 });
    expect(first.made).toHaveLength(6);
    expect(first.finished).toBe(2);
  });

  it('brings back a withdrawn record as a restore', async () => {
    await runJobOnce(bench.steps, job(lines({ a: '1', b: '1' })));
    await runJobOnce(bench.steps, job(lines({ a: '1' })));
    const report = await runJobOnce(bench.steps, job(lines({ a: '1', b: '1' })));
    expect(targetOf(report)).toMatchObject({ restored: 1, unchanged: 1 });
    expect([...first.held.keys()].toSorted()).toEqual(['a', 'b']);
  });
});

describe('an attempt that ends', () => {
  it('is continued by the next one, which looks up what may have been sent and sends nothing twice', async () => {
    let batches = 0;
    first.after = () => {
      batches += 1;
      // Made by the target, but its answer never came.
      if (batches >= 3) throw new UnavailableError('E_TARGET_UNAVAILABLE', 'the connection was cut');
    };
    const publish = async (input: PublishInput): Promise<void> => {
      expect(await codeOf(bench.steps.publishTarget(input, stepContext()))).toBe('E_TARGET_UNAVAILABLE');
      first.after = undefined;
      await bench.steps.publishTarget(input, stepContext());
    };
    const report = await runJobOnce(bench.steps, job(lines(many(100))), { publish });
    expect(targetOf(report)).toMatchObject({ inserted: 100, rejected: 0 });
    expect(first.made).toHaveLength(100);
    expect(new Set(first.made).size).toBe(100);
    expect(first.looked.length).toBeGreaterThan(9);
  });

  it('answers the same when it is called again', async () => {
    const publish = async (input: PublishInput): Promise<void> => {
      const once = await bench.steps.publishTarget(input, stepContext());
      expect(await bench.steps.publishTarget(input, stepContext())).toEqual(once);
    };
    await runJobOnce(bench.steps, job(lines(many(20))), { publish });
    expect(first.made).toHaveLength(20);
  });

  it('stops within a batch when it is cancelled, and the next run sends the rest', async () => {
    const stop = new AbortController();
    first.after = () => {
      if (first.made.length >= 30) stop.abort(new Error('CANCELLED'));
    };
    const publish = (input: PublishInput) => bench.steps.publishTarget(input, stepContext(stop.signal));
    await expect(runJobOnce(bench.steps, job(lines(many(200))), { publish })).rejects.toThrow('CANCELLED');
    expect(first.made.length).toBeLessThan(60);
    first.after = undefined;
    const report = await runJobOnce(bench.steps, job(lines(many(200))));
    expect(report.outcome).toBe('success');
    expect(first.held.size).toBe(200);
    expect(new Set(first.made).size).toBe(first.made.length);
  });

  it('loses to the one that took over', async () => {
    const publish = async (input: PublishInput): Promise<void> => {
      let other: Promise<unknown> | undefined;
      first.after = () => {
        other ??= bench.steps.publishTarget(input, stepContext());
      };
      expect(await codeOf(bench.steps.publishTarget(input, stepContext()))).toBe('E_LEASE_LOST');
      await other;
    };
    first.limits = { ...first.limits, concurrency: 1 };
    const report = await runJobOnce(bench.steps, job(lines(many(100))), { publish });
    expect(targetOf(report)).toMatchObject({ inserted: 100, rejected: 0 });
  });
});

describe('a batch that fails while others get through', () => {
  it('is tried again by the same attempt, at last record by record', async () => {
    first.limits = { batch: 10, batchBytes: 1_000_000, concurrency: 2 };
    first.before = ({ id: record }) => {
      if (record === 'r0004') throw new UnavailableError('E_TARGET_UNAVAILABLE', 'the connection was cut');
      return undefined;
    };
    const report = await runJobOnce(bench.steps, job(lines(many(60))));
    expect(targetOf(report)).toMatchObject({ inserted: 59, rejected: 1 });
    expect(new Set(first.made).size).toBe(first.made.length);
  });
});

describe('what the target refuses', () => {
  it('becomes a rejection with its words, and the run is partial', async () => {
    first.before = ({ id: record }) =>
      record === 'b'
        ? { id: record, result: 'rejected', code: 'E_TARGET_REFUSED', message: 'Invalid ISNI.' }
        : undefined;
    const report = await runJobOnce(bench.steps, job(lines({ a: '1', b: '1', c: '1' })));
    expect(report.outcome).toBe('partial');
    expect(targetOf(report)).toMatchObject({ inserted: 2, rejected: 1 });
    expect(await rejectionsOf(report.run)).toEqual([
      { code: 'E_TARGET_REFUSED', message: 'Invalid ISNI.', record_id: 'b' },
    ]);
  });

  it('for ever on one record while it takes others is rejected after some tries', async () => {
    first.before = ({ id: record }) =>
      record === 'r0003' ? { id: record, result: 'again', message: '500' } : undefined;
    const report = await runJobOnce(bench.steps, job(lines(many(40))));
    expect(targetOf(report)).toMatchObject({ inserted: 39, rejected: 1 });
  });

  it('was edited by somebody else is kept and counted, or overwritten where the job says so', async () => {
    await runJobOnce(bench.steps, job(lines({ a: '1', b: '1' })));
    first.before = ({ id: record, overwrites }) =>
      record === 'a' && !overwrites ? { id: record, result: 'conflict', message: 'edited by Ada' } : undefined;
    const report = await runJobOnce(bench.steps, job(lines({ a: '2', b: '2' })));
    expect(report.outcome).toBe('partial');
    expect(targetOf(report)).toMatchObject({ updated: 1, kept: 1, rejected: 0 });
    expect(await rejectionsOf(report.run)).toEqual([
      { code: 'E_TARGET_EDITED', message: 'edited by Ada', record_id: 'a' },
    ]);
    const overwriting = [{ type: 'memory', args: { name: id, on_conflict: 'overwrite' } }];
    expect(targetOf(await runJobOnce(bench.steps, job(lines({ a: '2', b: '2' }), overwriting)))).toMatchObject({
      updated: 1,
    });
  });
});

describe('two targets', () => {
  const both = () => [
    { type: 'memory', args: { name: id } },
    { type: 'other', args: { name: `${id}-2` } },
  ];

  it('are each their own trouble: what one refuses the other still gets', async () => {
    const publish = async (input: PublishInput): Promise<void> => {
      if (!input.target.endsWith('-2')) {
        await bench.steps.publishTarget(input, stepContext());
        return;
      }
      second.before = () => {
        throw new ConfigError('E_TARGET_FORBIDDEN', 'Permission denied.');
      };
      expect(await codeOf(bench.steps.publishTarget(input, stepContext()))).toBe('E_TARGET_FORBIDDEN');
    };
    const report = await runJobOnce(bench.steps, job(lines(many(30)), both()), { publish });
    expect(report.outcome).toBe('partial');
    expect(first.held.size).toBe(30);
    expect(report.tasks[0]?.unfinished).toMatchObject([
      { state: 'failed', done: 0, planned: 30, error: { code: 'E_TARGET_FORBIDDEN' } },
    ]);
    second.before = undefined;
    const next = await runJobOnce(bench.steps, job(lines(many(30)), both()));
    expect(next.outcome).toBe('success');
    expect(second.held.size).toBe(30);
    expect(first.made).toHaveLength(30);
  });
});

describe('a rollback', () => {
  const undo = async (report: RunReport, leavesOut = false): Promise<RunReport> => {
    const run = randomUUID();
    const request = { job: id, trigger: 'manual', mode: 'rollback', undoes: report.run, leavesOut } as const;
    await bench.steps.resolveRun({ run, workflowId: `vocab-sync/${id}/${run}`, request }, stepContext());
    try {
      const { tasks } = await bench.steps.undoRun({ run }, stepContext());
      for (const { name: task, publications = [] } of tasks) {
        for (const target of publications) await bench.steps.publishTarget({ run, task, target }, stepContext());
      }
      return await bench.steps.finishRun({ run, outcome: 'ended' }, stepContext());
    } catch (error: unknown) {
      await bench.steps.finishRun({ run, outcome: 'failed' }, stepContext());
      throw error;
    }
  };
  const names = (): unknown =>
    Object.fromEntries([...first.held].map(([key, { name }]): [string, unknown] => [key, name]));

  it('sends what the run replaced, and can be undone itself', async () => {
    await runJobOnce(bench.steps, job(lines({ a: '1', b: '1', c: '1' })));
    const second = await runJobOnce(bench.steps, job(lines({ a: '1', b: '2', d: '1' })));
    first.made.length = 0;
    const undone = await undo(second);
    expect(undone).toMatchObject({ mode: 'rollback', outcome: 'success', rolls_back: second.run });
    expect(names()).toEqual({ a: '1', b: '1', c: '1' });
    expect(first.made.toSorted()).toEqual(['restore c', 'update b', 'withdraw d']);
    const again = await undo(undone);
    expect(again.outcome).toBe('success');
    expect(names()).toEqual({ a: '1', b: '2', d: '1' });
  });

  it('leaves nothing for the next run of the same source to do but what it undid', async () => {
    await runJobOnce(bench.steps, job(lines({ a: '1', b: '1' })));
    const second = await runJobOnce(bench.steps, job(lines({ a: '2', b: '1' })));
    await undo(second);
    first.made.length = 0;
    expect(targetOf(await runJobOnce(bench.steps, job(lines({ a: '1', b: '1' }))))).toMatchObject({ unchanged: 2 });
    expect(first.made).toEqual([]);
    expect(targetOf(await runJobOnce(bench.steps, job(lines({ a: '2', b: '1' }))))).toMatchObject({ updated: 1 });
  });

  it('is refused where a later run changed the same record, unless it may leave it out', async () => {
    await runJobOnce(bench.steps, job(lines({ a: '1', b: '1' })));
    const second = await runJobOnce(bench.steps, job(lines({ a: '2', b: '2' })));
    await runJobOnce(bench.steps, job(lines({ a: '3', b: '2' })));
    expect(await codeOf(undo(second))).toBe('E_ROLLBACK_CONFLICT');
    expect(names()).toEqual({ a: '3', b: '2' });
    await undo(second, true);
    expect(names()).toEqual({ a: '3', b: '1' });
  });
});
