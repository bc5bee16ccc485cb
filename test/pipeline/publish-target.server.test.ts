/** Publishing into targets that receive changes: only changes go out, each once, whatever ends an attempt. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import type { PublishInput, RunReport } from '../../src/pipeline/run-steps.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, undoRunOnce, type TestEngine } from '../support/engine.ts';
import { memoryTarget, type MemoryTarget } from '../support/memory-target.ts';
import { until } from '../support/until.ts';

let bench: TestEngine;
let first: MemoryTarget;
let second: MemoryTarget;
let id: string;

beforeAll(async () => {
  [first, second] = [memoryTarget('memory'), memoryTarget('other')];
  const pauses = { first: 2, busy: 10 };
  bench = await openTestEngine(undefined, { writers: [first.writer, second.writer], pauses });
});
afterAll(() => bench.close());
beforeEach(() => {
  id = `job-${randomUUID().slice(0, 8)}`;
  for (const target of [first, second]) {
    target.held.clear();
    [target.made.length, target.looked.length, target.finished] = [0, 0, 0];
    [target.before, target.after] = [undefined, undefined];
    target.limits = { batch: 10, batchBytes: 1_000_000, concurrency: 2 };
    target.stray = [];
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
      if (first.made.length < 30) return;
      stop.abort(new Error('CANCELLED'));
      // Made by the target, but its answer never came.
      throw new UnavailableError('E_TARGET_UNAVAILABLE', 'the connection was cut');
    };
    const publish = (input: PublishInput) => bench.steps.publishTarget(input, stepContext(stop.signal));
    await expect(runJobOnce(bench.steps, job(lines(many(200))), { publish })).rejects.toThrow('CANCELLED');
    expect(first.made.length).toBeLessThan(60);
    first.after = undefined;
    first.looked.length = 0;
    const report = await runJobOnce(bench.steps, job(lines(many(200))));
    expect(report.outcome).toBe('success');
    expect(first.held.size).toBe(200);
    // Only the batches that were being sent are uncertain.
    expect(first.looked.length).toBeLessThanOrEqual(20);
    expect(new Set(first.made).size).toBe(first.made.length);
    // A record that the first run may have inserted is inserted by the run that knows what became of it.
    const { rows } = await bench.pool.query<{ inserted: number; updated: number }>(
      `SELECT sum((counts ->> 'inserted')::int)::int AS inserted, sum((counts ->> 'updated')::int)::int AS updated
       FROM vocab_sync.publication WHERE target = $1`,
      [`memory:${id}`],
    );
    expect(rows).toEqual([{ inserted: 200, updated: 0 }]);
    const { rows: log } = await bench.pool.query(
      'SELECT DISTINCT op, before FROM vocab_sync.change WHERE run_id = $1',
      [report.run],
    );
    expect(log).toEqual([{ op: 'insert', before: null }]);
    const undone = await undoRunOnce(bench.steps, id, report.run);
    expect(undone.outcome).toBe('success');
    expect(first.held.size).toBe(200 - (targetOf(report)?.inserted ?? 0));
  });

  it('sends the next part while the answers to the last one are recorded, and no further part', async () => {
    const held = await bench.pool.connect();
    let groups = 0;
    first.limits = { batch: 500, batchBytes: 1_000_000, concurrency: 1 };
    first.after = () => {
      groups += 1;
    };
    const counted = async (): Promise<number> =>
      (
        await bench.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM vocab_sync.published WHERE target = $1`, [
          `memory:${id}`,
        ])
      ).rows[0]?.n ?? 0;
    const publish = async (input: PublishInput): Promise<void> => {
      // Answers cannot be recorded while the change log is locked.
      await held.query('BEGIN; LOCK TABLE vocab_sync.change IN ACCESS EXCLUSIVE MODE');
      const publishing = bench.steps.publishTarget(input, stepContext());
      await until('the second part is sent', () => Promise.resolve(groups === 2));
      expect(await counted()).toBe(0);
      await held.query('ROLLBACK');
      await publishing;
    };
    try {
      const report = await runJobOnce(bench.steps, job(lines(many(1600))), { publish });
      expect(targetOf(report)).toMatchObject({ inserted: 1600, rejected: 0 });
    } finally {
      held.release();
    }
    expect(first.made).toEqual(Object.keys(many(1600)).map((key) => `insert ${key}`));
    const { rows } = await bench.pool.query<{ id: string }>(
      'SELECT id FROM vocab_sync.change WHERE target = $1 ORDER BY id COLLATE "C"',
      [`memory:${id}`],
    );
    expect(rows.map((row) => `insert ${row.id}`)).toEqual(first.made);
  });

  it('and cannot record what it sent leaves it to the next one, which sends nothing twice', async () => {
    let batches = 0;
    first.after = () => {
      batches += 1;
    };
    const publish = async (input: PublishInput): Promise<void> => {
      const publishing = codeOf(bench.steps.publishTarget(input, stepContext()));
      await until('a part is sent', () => Promise.resolve(batches > 4));
      await bench.steps.publishTarget(input, stepContext());
      expect(await publishing).toBe('E_LEASE_LOST');
    };
    const report = await runJobOnce(bench.steps, job(lines(many(2000))), { publish });
    expect(targetOf(report)).toMatchObject({ inserted: 2000, rejected: 0 });
    expect(new Set(first.made).size).toBe(first.made.length);
    expect(first.made).toHaveLength(2000);
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

describe('a credential that expires in the middle', () => {
  it('loses nothing of what was done, and the next run sends the rest', async () => {
    first.before = () => {
      if (first.made.length < 35) return undefined;
      throw new ConfigError('E_TARGET_FORBIDDEN', 'The token has expired.');
    };
    const publish = async (input: PublishInput): Promise<void> => {
      expect(await codeOf(bench.steps.publishTarget(input, stepContext()))).toBe('E_TARGET_FORBIDDEN');
    };
    const report = await runJobOnce(bench.steps, job(lines(many(100))), { publish });
    expect(report.outcome).toBe('partial');
    expect(first.made).toHaveLength(35);
    first.before = undefined;
    expect((await runJobOnce(bench.steps, job(lines(many(100))))).outcome).toBe('success');
    expect(first.held.size).toBe(100);
    expect(new Set(first.made).size).toBe(first.made.length);
    expect(first.made).toHaveLength(100);
  });
});

it('ends a publication whose writer gives a result for a change of another batch', async () => {
  first.stray = [{ id: 'r0099', result: 'done' }];
  expect(await codeOf(runJobOnce(bench.steps, job(lines(many(100)))))).toBe('E_COMPONENT_CRASH');
  first.stray = [];
  await runJobOnce(bench.steps, job(lines(many(100))));
  expect(first.held.size).toBe(100);
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

describe.each(['look', 'nothing'] as const)(
  'a target of which %s can be read, and that fails on one record for ever',
  (reads) => {
    const failure = (): never => {
      throw new UnavailableError('E_TARGET_UNAVAILABLE', 'it answered 500', { details: { status: 500 } });
    };
    beforeEach(() => {
      first.reads = reads;
      first.limits = { batch: 100, batchBytes: 1_000_000, concurrency: 2 };
    });
    afterEach(() => {
      first.reads = 'list';
    });

    it.each([2, 100])(
      'and on the batch of %i changes that it is in gets the others',
      async (count) => {
        const ids = Object.keys(many(count));
        first.before = ({ id: record }) => (record === ids[0] ? failure() : undefined);
        let attempts = 0;
        const publish = async (input: PublishInput): Promise<void> => {
          for (;;) {
            attempts += 1;
            const code = await codeOf(bench.steps.publishTarget(input, stepContext()));
            if (code === undefined) return;
            if (attempts === 20) throw new Error(`still refused after ${String(attempts)} attempts`);
          }
        };
        const report = await runJobOnce(bench.steps, job(lines(many(count))), { publish });
        expect(targetOf(report)).toMatchObject({ inserted: count - 1, rejected: 1 });
        expect(new Set(first.made).size).toBe(first.made.length);
      },
      120_000,
    );

    it('or on all of them because it is down rejects none', async () => {
      first.before = failure;
      const publish = async (input: PublishInput): Promise<void> => {
        for (let attempt = 0; attempt < 3; attempt += 1) {
          expect(await codeOf(bench.steps.publishTarget(input, stepContext()))).toBe('E_TARGET_UNAVAILABLE');
        }
        first.before = undefined;
        await bench.steps.publishTarget(input, stepContext());
      };
      const report = await runJobOnce(bench.steps, job(lines(many(20))), { publish });
      expect(targetOf(report)).toMatchObject({ inserted: 20, rejected: 0 });
    }, 120_000);
  },
);

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

  it('because it is busy is not rejected, however often', async () => {
    first.limits = { batch: 10, batchBytes: 1_000_000, concurrency: 2 };
    let refused = 0;
    first.before = ({ id: record }) => {
      if (record !== 'r0005' || refused === 8) return undefined;
      refused += 1;
      return { id: record, result: 'again', message: '429', isBusy: true, after: 1 };
    };
    const report = await runJobOnce(bench.steps, job(lines(many(300))));
    expect(targetOf(report)).toMatchObject({ inserted: 300, rejected: 0 });
  });

  it('because it is busy ends the attempt where nothing gets through, although look-ups are answered', async () => {
    first.before = ({ id: record }) => ({ id: record, result: 'again', message: '429', isBusy: true, after: 1 });
    const publish = async (input: PublishInput): Promise<void> => {
      expect(await codeOf(bench.steps.publishTarget(input, stepContext()))).toBe('E_TARGET_UNAVAILABLE');
      expect(first.looked.length).toBeGreaterThan(0);
      first.before = undefined;
      await bench.steps.publishTarget(input, stepContext());
    };
    const report = await runJobOnce(bench.steps, job(lines(many(10))), { publish });
    expect(targetOf(report)).toMatchObject({ inserted: 10, rejected: 0 });
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
  const undo = (report: RunReport, leavesOut = false): Promise<RunReport> =>
    undoRunOnce(bench.steps, id, report.run, { leavesOut });
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
