/** The first changes of each kind that a comparison hands to the details of the run. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ChangeSamples } from '../../src/records/run.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

describeWithPostgres('the first changes of a plan', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(() => test.close());

  const job = (lines: readonly object[], type: 'postgres' | 'file' = 'postgres') => {
    const path = test.file('a.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const args = type === 'file' ? { path: join(test.directory, 'out.jsonl') } : { table: 'lines' };
    return linesJob(path, { writers: [{ type, args: { ...args, on_missing: 'withdraw' } }] });
  };
  async function compare(config: Readonly<Record<string, unknown>>): Promise<readonly ChangeSamples[]> {
    const run = randomUUID();
    const request = { job: 'lines', trigger: 'manual', config: JSON.stringify(config) } as const;
    await test.steps.resolveRun({ run, workflowId: `wf-${run}`, request }, stepContext());
    await test.steps.fetchSource({ run, task: 'main' }, stepContext());
    await test.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    return (await test.steps.compareTargets({ run, task: 'main' }, stepContext())).changes ?? [];
  }
  const many = (from: number, until: number, value: number) =>
    Array.from({ length: until - from }, (_, i) => ({ id: `r${String(100 + from + i)}`, value }));

  it('are at most five of each kind, with the fields that change, and none of a kind that does not occur', async () => {
    await runJobOnce(test.steps, job(many(0, 20, 1)), { approve: true });
    const changes = await compare(job([...many(0, 7, 2), ...many(7, 12, 1), ...many(50, 53, 1)]));
    expect(changes.map(({ op, records }) => [op, records.length])).toEqual([
      ['update', 5],
      ['withdraw', 5],
      ['insert', 3],
    ]);
    expect(changes[0]?.records[0]).toMatch(/^r10\d \/value: 1 → 2$/);
    expect(changes[1]?.records[0]).toMatch(/^r1(?:1[2-9])$/);
    expect(changes[2]).toEqual({ target: 'postgres:lines', op: 'insert', records: ['r150', 'r151', 'r152'] });
  });

  it('name records that come back, and those that a file loses', async () => {
    await runJobOnce(test.steps, job(many(0, 3, 1)), { approve: true });
    await runJobOnce(test.steps, job(many(0, 2, 1)), { approve: true });
    expect(await compare(job(many(0, 3, 1)))).toMatchObject([{ op: 'restore', records: ['r102'] }]);
  });

  it('name records that a file loses', async () => {
    await runJobOnce(test.steps, job(many(0, 3, 1), 'file'), { approve: true });
    const [lost] = await compare(job(many(0, 2, 1), 'file'));
    expect(lost?.op).toMatch(/^(withdraw|remove)$/);
    expect(lost?.records).toEqual(['r102']);
  });

  it('are bounded, whatever a record holds', async () => {
    const long = 'x'.repeat(10_000);
    const wide = (value: string) => ({ id: 'w', ...Object.fromEntries(['a', 'b', 'c', 'd'].map((k) => [k, value])) });
    await runJobOnce(test.steps, job([wide('short')]));
    const [update] = await compare(job([wide(long)]));
    expect(update?.records).toHaveLength(1);
    expect(update?.records[0]?.length).toBeLessThanOrEqual(121);
    expect(update?.records[0]).toContain('/a: "short" → "xxx');
  });
});
