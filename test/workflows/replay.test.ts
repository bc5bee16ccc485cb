import { readFileSync, readdirSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { MOST_TASKS } from '../../src/job/check/check-job.ts';
import { HISTORIES } from '../support/keep-history.ts';
import { bundleForTests } from '../support/workflow-bundle.ts';

const names = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

describe('recorded histories', () => {
  let workflowBundle: WorkflowBundleWithSourceMap;
  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    workflowBundle = await bundleForTests();
  }, 60_000);

  it('cover the ways in which a run ends', () => {
    expect(names.sort()).toEqual([
      'adopted.json',
      'cancelled-2.json',
      'cancelled-while-waiting.json',
      'cancelled.json',
      'deadline-kept.json',
      'discarded-2.json',
      'discarded.json',
      'failed.json',
      'notice-left-behind.json',
      'notified-in-run.json',
      'notified.json',
      'one-target-refused.json',
      'plan-approved-2.json',
      'plan-approved.json',
      'published-targets.json',
      'reminded.json',
      'resynced.json',
      'skipped.json',
      'stage-lost-2.json',
      'stage-lost.json',
      'success.json',
      'two-large-tasks.json',
      'unchanged.json',
      'verified.json',
    ]);
  });

  it.each(names)('%s replays against the workflow of today', async (name) => {
    const text = readFileSync(`${HISTORIES}${name}`, 'utf8');
    const workflowId = /"workflowId": "([^"]+)"/.exec(text)?.[1] ?? '';
    await Worker.runReplayHistory({ workflowBundle }, JSON.parse(text) as unknown, workflowId);
  });

  it('stay below the limit of Temporal with as many tasks as a job may have', () => {
    const text = readFileSync(`${HISTORIES}two-large-tasks.json`, 'utf8');
    const { events } = JSON.parse(text) as { events: unknown[] };
    const ofOneTask = { events: events.length / 2, bytes: JSON.stringify(events).length / 2 };
    // Twice: a database that crashes makes a task stage and ask once more.
    expect(2 * MOST_TASKS * ofOneTask.events).toBeLessThan(51_200);
    expect(2 * MOST_TASKS * ofOneTask.bytes).toBeLessThan(50 * 1024 ** 2);
  });

  it('a workflow that does something else is noticed', async () => {
    const text = readFileSync(`${HISTORIES}success.json`, 'utf8').replaceAll('"compareTargets"', '"compareSomething"');
    await expect(Worker.runReplayHistory({ workflowBundle }, JSON.parse(text) as unknown)).rejects.toThrow(/TMPRL1100/);
  });
});

describe('the workflow bundle', () => {
  it('is small and holds no validator', async () => {
    const { code } = await bundleForTests();
    const [program = '', map] = code.split('//# sourceMappingURL=data:application/json;charset=utf-8;base64,');
    expect(program.length).toBeLessThan(900_000);
    const { sources } = JSON.parse(Buffer.from(map ?? '', 'base64').toString()) as { sources: string[] };
    expect(sources.some((source) => source.includes('workflows/run-job.ts'))).toBe(true);
    expect(sources.filter((source) => /node_modules\/(zod|ajv|got|pg)\//.test(source))).toEqual([]);
    const ours = sources.filter((source) => /\/(src|activities|readers|transformers|writers)\/[^@]*\.ts$/.test(source));
    expect(ours.filter((source) => !/node_modules|src\/clip\.ts$/.test(source))).toEqual([]);
  });
});
