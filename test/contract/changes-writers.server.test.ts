/** Every writer that receives changes in whole runs, and the contract of the ones that need PostgreSQL. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChangesWriter } from '../../src/component/writer.ts';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { PublishInput } from '../../src/pipeline/run-steps.ts';
import { writers } from '../support/shipped-components.ts';
import { linesJob, openTestEngine, runJobOnce, undoRunOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { NEED_POSTGRES, writerOfJob } from './changes-benches.ts';
import { describeChangesWriter } from './describe-changes-writer.ts';
import { postgresTargets, targetsOfTests } from './postgres-bench.ts';

const writerOf = (type: string): ChangesWriter => writers.find((writer) => writer.type === type) as ChangesWriter;

describeWithPostgres('with PostgreSQL', () => {
  it('is tested what is left out elsewhere', () => {
    expect(Object.values(postgresTargets).map(({ type }) => type)).toEqual(expect.arrayContaining([...NEED_POSTGRES]));
  });
  for (const [name, target] of Object.entries(postgresTargets)) {
    describeChangesWriter(`changes writer ${name}`, writerOf(target.type), target);
  }
});

describeWithPostgres('whole runs', () => {
  let engine: TestEngine;
  const secrets = new Map<string, string>();
  beforeAll(async () => {
    const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
    engine = await openTestEngine(undefined, { api, resolveSecret: (name) => secrets.get(name) ?? '' });
  });
  afterAll(() => engine.close());

  it.each(targetsOfTests)(
    '%s: first load, no change, 1 %% change, withdrawal, rollbacks',
    async (_name, { type, ...target }) => {
      const bench = await target.start();
      const id = `job-${randomUUID().slice(0, 8)}`;
      const { args: given } = writerOfJob(type, bench, secrets);
      const args = { ...given, on_missing: 'withdraw' };
      const ids = Array.from({ length: 200 }, (_, i) => `r${String(i).padStart(3, '0')}`);
      const namesNow = async (): Promise<Record<string, string>> => {
        if (target.lacks.includes('names')) return {};
        const names: Record<string, string> = {};
        for (const one of ids) {
          const name = await bench.nameOf(one);
          if (name !== undefined) names[one] = name;
        }
        return names;
      };
      let sent = 0;
      const publish = async (input: PublishInput): Promise<void> => {
        const before = bench.writes();
        await engine.publish(input);
        sent += bench.writes() - before;
      };
      const run = async (names: Readonly<Record<string, string>>) => {
        sent = 0;
        const lines = Object.entries(names).map(([key, name]) => `${JSON.stringify(bench.document(key, name))}\n`);
        const job = linesJob(engine.file('lines.jsonl', lines.join('')), { id, writers: [{ type, args }] });
        const report = await runJobOnce(engine.steps, job, { request: { force: true }, approve: true, publish });
        return { ...report, target: report.tasks[0]?.targets[0] };
      };
      const expectNames = async (names: Readonly<Record<string, string>>): Promise<void> => {
        if (!target.lacks.includes('names')) expect(await namesNow()).toEqual(names);
      };
      try {
        const first = Object.fromEntries(ids.map((one) => [one, `Name of ${one}`]));
        expect((await run(first)).target).toMatchObject({ inserted: 200, rejected: 0 });
        await expectNames(first);

        expect((await run(first)).target).toMatchObject({ unchanged: 200 });
        expect(sent).toBe(0);

        const second: Record<string, string> = { ...first, r003: 'Changed', r150: 'Changed too' };
        const changed = await run(second);
        expect(changed.target).toMatchObject({ updated: 2, unchanged: 198, rejected: 0 });
        expect(sent).toBeLessThanOrEqual(2);
        await expectNames(second);

        const third = Object.fromEntries(Object.entries(second).filter(([one]) => one !== 'r007'));
        const withdrawn = await run(third);
        expect(withdrawn.target).toMatchObject({ withdrawn: 1, unchanged: 199 });
        // A search server is also asked to show it.
        expect(sent).toBeLessThanOrEqual(2);
        await expectNames(third);

        expect(await undoRunOnce(engine.steps, id, withdrawn.run)).toMatchObject({
          mode: 'rollback',
          outcome: 'success',
        });
        await expectNames(second);
        expect(await undoRunOnce(engine.steps, id, changed.run)).toMatchObject({
          mode: 'rollback',
          outcome: 'success',
        });
        await expectNames(first);
      } finally {
        await bench.close();
      }
    },
  );
});
