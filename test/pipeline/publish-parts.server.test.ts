/** Sending a plan part by part: what ends a part early, and what becomes of the changes that were not sent. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PublishInput } from '../../src/pipeline/run-steps.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
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
  [target.before, target.after] = [undefined, undefined];
  target.limits = { batch: 10, batchBytes: 1_000_000, concurrency: 2 };
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `r${String(i).padStart(4, '0')}`);
const job = (records: readonly string[]) => {
  const path = bench.file('lines.jsonl', records.map((key) => `${JSON.stringify({ id: key, name: 'n' })}\n`).join(''));
  return linesJob(path, { id, writers: [{ type: 'memory', args: { name: id } }] });
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
  });

  it('before anything is sent leaves no change in doubt', async () => {
    const publish = (input: PublishInput) =>
      bench.steps.publishTarget(input, stepContext(AbortSignal.abort(new Error('CANCELLED'))));
    await expect(runJobOnce(bench.steps, job(ids(5)), { publish })).rejects.toThrow('CANCELLED');
    const { rows } = await bench.pool.query('SELECT id FROM vocab_sync.published WHERE target = $1', [`memory:${id}`]);
    expect(rows).toEqual([]);
  });
});
