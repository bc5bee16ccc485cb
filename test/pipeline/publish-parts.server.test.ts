/** Sending a plan part by part: what ends a part early, and what becomes of the changes that were not sent. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import type { PublishInput, RunReport } from '../../src/pipeline/run-steps.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, undoRunOnce, type TestEngine } from '../support/engine.ts';
import { until } from '../support/until.ts';
import { memoryTarget, type MemoryTarget } from '../support/memory-target.ts';

let bench: TestEngine;
let target: MemoryTarget;
let id: string;

beforeAll(async () => {
  target = memoryTarget();
  bench = await openTestEngine(undefined, { writers: [target.writer], pauses: { first: 2, busy: 10 } });
});
afterAll(() => bench.close());
beforeEach(() => {
  id = `job-${randomUUID().slice(0, 8)}`;
  target.held.clear();
  [target.made.length, target.looked.length] = [0, 0];
  [target.before, target.after, target.takes] = [undefined, undefined, 0];
  target.limits = { batch: 10, batchBytes: 1_000_000, concurrency: 2 };
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `r${String(i).padStart(4, '0')}`);
const job = (records: readonly string[]) => {
  const path = bench.file('lines.jsonl', records.map((key) => `${JSON.stringify({ id: key, name: 'n' })}\n`).join(''));
  return linesJob(path, { id, writers: [{ type: 'memory', args: { name: id } }] });
};
const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => (thrown as VocabSyncError).code,
  );
const targetOf = (report: RunReport) => report.tasks[0]?.targets[0];
const cut = (): never => {
  throw new UnavailableError('E_TARGET_UNAVAILABLE', 'the connection was cut');
};

/** As Temporal does it. */
const publishUntilDone = async (input: PublishInput): Promise<void> => {
  for (let attempts = 1; ; attempts += 1) {
    const code = (await codeOf(bench.publish(input))) as string | undefined;
    if (code === undefined) return;
    if (code !== 'E_TARGET_UNAVAILABLE' || attempts === 30)
      throw new Error(`${code} after ${String(attempts)} attempts`);
  }
};

describe('a cancel', () => {
  it('ends a pause that the target asked for, also if it comes while answers are recorded', async () => {
    const stop = new AbortController();
    target.before = ({ id: record }) => ({ id: record, result: 'again', message: '429', isBusy: true, after: 50_000 });
    target.after = () => {
      stop.abort(new Error('CANCELLED'));
    };
    const publish = (input: PublishInput) => bench.steps.publishTarget(input, stepContext(stop.signal));
    await expect(runJobOnce(bench.steps, job(ids(5)), { publish })).rejects.toThrow('CANCELLED');
  }, 20_000);

  it('before anything is sent leaves no change in doubt', async () => {
    const publish = (input: PublishInput) =>
      bench.steps.publishTarget(input, stepContext(AbortSignal.abort(new Error('CANCELLED'))));
    await expect(runJobOnce(bench.steps, job(ids(5)), { publish })).rejects.toThrow('CANCELLED');
    const { rows } = await bench.pool.query('SELECT id FROM vocab_sync.published WHERE target = $1', [`memory:${id}`]);
    expect(rows).toEqual([]);
  });
});

it('looks a record up before the next change where the target failed on a change for ever and may have made it', async () => {
  await runJobOnce(bench.steps, job(ids(30)));
  target.before = ({ id: record }) => {
    if (record !== 'r0000') return undefined;
    target.held.delete(record);
    return { id: record, result: 'again', message: 'the answer was lost' };
  };
  const gone = ids(30).slice(1);
  const report = await runJobOnce(bench.steps, job([...gone, 'r0100']), { publish: publishUntilDone });
  expect(targetOf(report)).toMatchObject({ inserted: 1, withdrawn: 0, not_withdrawn: 1 });
  expect(target.held.has('r0000')).toBe(false);
  target.before = undefined;
  const next = await runJobOnce(bench.steps, job([...gone, 'r0100']), { request: { force: true } });
  expect(targetOf(next)).toMatchObject({ withdrawn: 1, rejected: 0 });
  const back = await runJobOnce(bench.steps, job([...ids(30), 'r0100']));
  expect(targetOf(back)).toMatchObject({ restored: 1, unchanged: 30 });
});

it('stops sending soon after another attempt took over, in the middle of a part', async () => {
  target.limits = { batch: 1, batchBytes: 1_000_000, concurrency: 1 };
  target.takes = 250;
  let after = 0;
  const publish = async (input: PublishInput): Promise<void> => {
    const first = codeOf(bench.publish(input));
    await until('something is sent', () => Promise.resolve(target.made.length > 0));
    // As an attempt that takes over does first.
    await bench.pool.query('UPDATE vocab_sync.publication SET lease = $2 WHERE run_id = $1', [input.run, randomUUID()]);
    const before = target.made.length;
    expect(await first).toBe('E_LEASE_LOST');
    after = target.made.length - before;
    target.takes = 0;
    await bench.publish(input);
  };
  const report = await runJobOnce(bench.steps, job(ids(16)), { publish });
  expect(targetOf(report)).toMatchObject({ inserted: 16, rejected: 0 });
  expect(after).toBeLessThan(10);
});

it('withdraws a record that a run which ended may have restored', async () => {
  await runJobOnce(bench.steps, job(['a', 'b']));
  await runJobOnce(bench.steps, job(['a']));
  const stop = new AbortController();
  target.after = () => {
    stop.abort(new Error('CANCELLED'));
    cut();
  };
  const publish = (input: PublishInput) => bench.steps.publishTarget(input, stepContext(stop.signal));
  await expect(runJobOnce(bench.steps, job(['a', 'b']), { publish })).rejects.toThrow('CANCELLED');
  target.after = undefined;
  expect([...target.held.keys()]).toEqual(['a', 'b']);
  const report = await runJobOnce(bench.steps, job(['a']));
  expect(targetOf(report)).toMatchObject({ withdrawn: 1 });
  expect([...target.held.keys()]).toEqual(['a']);
  const next = await runJobOnce(bench.steps, job(['a']), { request: { force: true } });
  expect(targetOf(next)).toMatchObject({ unchanged: 1, withdrawn: 0 });
});

describe('a target that takes no change and answers look-ups', () => {
  const publishUntilTaken = async (input: PublishInput): Promise<void> => {
    for (let attempt = 0; attempt < 12; attempt += 1) {
      expect(await codeOf(bench.steps.publishTarget(input, stepContext()))).toBe('E_TARGET_UNAVAILABLE');
    }
    target.before = undefined;
    await bench.steps.publishTarget(input, stepContext());
  };

  it('rejects no record, however few are sent at once', async () => {
    target.limits = { batch: 1, batchBytes: 1_000_000, concurrency: 1, requestsPerSecond: 3 };
    target.before = cut;
    const report = await runJobOnce(bench.steps, job(ids(30)), { publish: publishUntilTaken });
    expect(targetOf(report)).toMatchObject({ inserted: 30, rejected: 0 });
  });

  it('rejects none of a few records while it says when to come back', async () => {
    target.before = () => {
      const details = { status: 503 };
      throw new UnavailableError('E_TARGET_UNAVAILABLE', 'back soon', { retryAfter: 1, details });
    };
    const report = await runJobOnce(bench.steps, job(ids(3)), { publish: publishUntilTaken });
    expect(targetOf(report)).toMatchObject({ inserted: 3, rejected: 0 });
  });
});

it('sends the other records where a target with few requests a second fails on the first ones', async () => {
  target.limits = { batch: 1, batchBytes: 1_000_000, concurrency: 1, requestsPerSecond: 1 };
  target.before = ({ id: record }) => (record < 'r0003' ? cut() : undefined);
  const report = await runJobOnce(bench.steps, job(ids(40)), { publish: publishUntilDone });
  expect(targetOf(report)).toMatchObject({ inserted: 37, rejected: 3 });
});
it('makes the batch smaller that the target failed on, and no other', async () => {
  target.limits = { batch: 50, batchBytes: 1_000_000, concurrency: 1 };
  let failures = 0;
  target.before = ({ id: record }) => {
    if (record !== 'r0000') return undefined;
    failures += 1;
    throw new UnavailableError('E_TARGET_UNAVAILABLE', 'it answered 500', { details: { status: 500 } });
  };
  let batches = 0;
  target.after = () => {
    batches += 1;
  };
  const report = await runJobOnce(bench.steps, job(ids(1000)), { publish: publishUntilDone });
  expect(targetOf(report)).toMatchObject({ inserted: 999, rejected: 1 });
  expect(failures).toBeLessThan(20);
  expect(batches).toBeLessThan(40);
});

it('records the answers to a part although the next part cannot be read', async () => {
  target.limits = { batch: 16, batchBytes: 1_000_000, concurrency: 1 };
  let fails = false;
  const pool = new Proxy(bench.pool, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name, of);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        // The answers to the first part are being recorded, so this connection is for reading the third.
        if (name === 'connect' && fails) {
          fails = false;
          return Promise.reject(new UnavailableError('E_DATABASE_UNAVAILABLE', 'the connection was cut'));
        }
        return Reflect.apply(value as (...all: unknown[]) => unknown, of, args);
      };
    },
  });
  const steps = createRunSteps({ ...bench.engine, pool });
  target.after = () => {
    if (target.made.length === 32) fails = true;
  };
  const publish = async (input: PublishInput): Promise<void> => {
    expect(await codeOf(steps.publishTarget(input, stepContext()))).toBe('E_DATABASE_UNAVAILABLE');
    await bench.publish(input);
  };
  const report = await runJobOnce(bench.steps, job(ids(200)), { publish });
  expect(targetOf(report)).toMatchObject({ inserted: 200, rejected: 0 });
  expect(target.looked).toEqual([]);
});

it('stops asking a target that is busy, until the time that it named', async () => {
  target.limits = { batch: 1, batchBytes: 1_000_000, concurrency: 2 };
  const until = Date.now() + 1000;
  let refused = 0;
  target.before = ({ id: record }) => {
    if (Date.now() > until) return undefined;
    refused += 1;
    return { id: record, result: 'again', message: '429', isBusy: true, after: 400 };
  };
  const report = await runJobOnce(bench.steps, job(ids(100)));
  expect(targetOf(report)).toMatchObject({ inserted: 100, rejected: 0 });
  expect(refused).toBeLessThan(10);
});

it.each([1, 2])(
  'sends the others where a target of %i requests at once is busy with one record',
  async (concurrency) => {
    target.limits = { batch: 1, batchBytes: 1_000_000, concurrency, requestsPerSecond: 5 };
    let isLocked = true;
    target.before = ({ id: record }) => {
      if (record !== 'r0000' || !isLocked) return undefined;
      return { id: record, result: 'again', message: '429', isBusy: true, after: 1 };
    };
    target.after = () => {
      if (target.made.length >= 39) isLocked = false;
    };
    const report = await runJobOnce(bench.steps, job(ids(40)), { publish: publishUntilDone });
    expect(targetOf(report)).toMatchObject({ inserted: 40, rejected: 0 });
  },
);

it('keeps the note of an edit by hand through a rollback, which reads no source', async () => {
  await runJobOnce(bench.steps, job(ids(5)));
  const second = await runJobOnce(bench.steps, job(ids(4)));
  await bench.pool.query(`UPDATE vocab_sync.target_size SET damage = 'edited' WHERE target = $1`, [`memory:${id}`]);
  await undoRunOnce(bench.steps, id, second.run);
  const { rows } = await bench.pool.query('SELECT damage FROM vocab_sync.target_size WHERE target = $1', [
    `memory:${id}`,
  ]);
  expect(rows).toEqual([{ damage: 'edited' }]);
});
