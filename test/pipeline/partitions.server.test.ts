/** A source that is read in parts comes to the same table and the same counts as one that is read in one go. */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readProgress } from '../../src/postgres/ledger/history.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import type { RunReport, RunSteps } from '../../src/pipeline/run-steps.ts';
import { buildTar } from '../support/build-tar.ts';
import { buildZip } from '../support/build-zip.ts';
import { changeFeed, changeLines, renameKey } from '../support/change-feed.ts';
import { linesJob, openTestEngine, readTable, stepContext, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

type Line = { readonly key: string; readonly value: unknown } | { readonly deleted: unknown };
interface Member {
  readonly name: string;
  readonly lines: readonly Line[];
}

const toText = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const toFiles = (members: readonly Member[]): { name: string; content: string }[] =>
  members.map(({ name, lines }) => ({ name, content: toText(lines) }));

const ARCHIVES = {
  zip: (members: readonly Member[]) => buildZip(toFiles(members)),
  tar: (members: readonly Member[]) => buildTar(toFiles(members)),
  'tar.gz': (members: readonly Member[]) => gzipSync(buildTar(toFiles(members))),
} as const;
type Archive = keyof typeof ARCHIVES;

const keys = Array.from({ length: 12 }, (_, i) => `k${String(i)}`);
const lineArbitrary: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ key: fc.constantFrom(...keys), value: fc.oneof(fc.nat({ max: 3 }), fc.constant('broken')) }),
  },
  { weight: 1, arbitrary: fc.record({ deleted: fc.record({ key: fc.constantFrom(...keys) }) }) },
  { weight: 1, arbitrary: fc.constant({ deleted: {} }) },
);
const membersArbitrary = fc
  .array(fc.array(lineArbitrary, { maxLength: 8 }), { minLength: 1, maxLength: 9 })
  .map((lists) => lists.map((lines, i) => ({ name: `m${String(i)}.jsonl`, lines })))
  .filter((members) => members.some(({ lines }) => lines.length > 0));

describeWithPostgres('the partitions of a source', () => {
  let test: TestEngine;
  let whole: RunSteps;
  beforeEach(async () => {
    test = await openTestEngine(undefined, { readers: [changeFeed, changeLines], transformers: [renameKey] });
    whole = createRunSteps({ ...test.engine, cutting: { mostParts: 1, leastBytes: 1 } });
  });
  afterEach(async () => {
    await test.close();
  });

  const cutInto = (mostParts: number): RunSteps =>
    createRunSteps({ ...test.engine, cutting: { mostParts, leastBytes: 1 } });
  let files = 0;
  const jobOf = (table: string, archive: Archive, members: readonly Member[]): Record<string, unknown> => {
    files += 1;
    const path = test.file(`a${String(files)}.${archive}`, ARCHIVES[archive](members));
    return linesJob(path, {
      id: table.replaceAll('_', '-'),
      readers: [
        { type: 'file', args: { path } },
        { type: archive === 'zip' ? 'zip' : 'tar', args: { regex: 'jsonl$' } },
        { type: 'change-lines' },
      ],
      transformers: [{ type: 'rename-key' }],
      writers: [{ type: 'postgres', args: { table, on_missing: 'withdraw' } }],
    });
  };

  const begin = async (
    steps: RunSteps,
    config: Record<string, unknown>,
  ): Promise<{ run: string; parts: readonly number[] }> => {
    const run = randomUUID();
    const request = {
      job: String(config['id']),
      trigger: 'manual',
      config: JSON.stringify(config),
      force: true,
    } as const;
    await steps.resolveRun({ run, workflowId: `wf-${run}`, request }, stepContext());
    const fetched = await steps.fetchSource({ run, task: 'main' }, stepContext());
    if (fetched.kind !== 'fetched') throw new Error(fetched.reason);
    return { run, parts: fetched.partitions };
  };
  const stage = (steps: RunSteps, run: string, partition: number, signal?: AbortSignal) =>
    steps.stagePartition({ run, task: 'main', partition }, stepContext(signal));
  const end = async (steps: RunSteps, run: string): Promise<RunReport> => {
    const { planDigest } = await steps.compareTargets({ run, task: 'main' }, stepContext());
    await steps.applyChanges({ run, task: 'main', planDigest }, stepContext());
    return steps.finishRun({ run, outcome: 'ended' }, stepContext());
  };
  const sync = async (
    steps: RunSteps,
    config: Record<string, unknown>,
  ): Promise<{ report: RunReport; parts: number }> => {
    const { run, parts } = await begin(steps, config);
    // At once and in any order, as several workers do.
    await Promise.all(parts.toReversed().map((partition) => stage(steps, run, partition)));
    return { report: await end(steps, run), parts: parts.length };
  };
  const outcomeOf = async ({ tasks, outcome }: RunReport, table: string): Promise<unknown> => ({
    outcome,
    counts: tasks[0]?.counts,
    targets: tasks[0]?.targets.map((target) => ({ ...target, name: '' })),
    rows: await readTable(test.pool, table),
  });

  const many = (count: number, size = 4): Member[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `m${String(i)}.jsonl`,
      lines: Array.from({ length: size }, (_unused, j) => ({ key: `k${String(i)}-${String(j)}`, value: i })),
    }));

  /** The same ids again and again, over all parts, and every tenth line deletes one. */
  const tangled = (count: number, size: number, value = 0): Member[] =>
    Array.from({ length: count }, (_, i) => ({
      name: `m${String(i)}.jsonl`,
      lines: Array.from({ length: size }, (_unused, j): Line => {
        const key = `k${String((i * 31 + j * 7) % 400)}`;
        return (i + j) % 10 === 0 ? { deleted: { key } } : { key, value: value + i };
      }),
    }));

  it.each(['zip', 'tar'] as const)('are as many as are asked for, of a %s of many members', async (archive) => {
    const { parts } = await begin(cutInto(8), jobOf('many', archive, many(100)));
    expect(parts).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('are the files of a source that fetched several, in their order', async () => {
    const texts = [
      [
        { key: 'a', value: 1 },
        { key: 'b', value: 1 },
      ],
      [{ deleted: { key: 'a' } }, { key: 'c', value: 1 }],
      [{ key: 'a', value: 3 }, { deleted: { key: 'c' } }],
    ] satisfies Line[][];
    const paths = texts.map((lines, i) => test.file(`page-${String(i)}.jsonl`, toText(lines)));
    const { report, parts } = await sync(cutInto(3), {
      ...linesJob('', { transformers: [{ type: 'rename-key' }] }),
      readers: [{ type: 'change-feed', args: { paths } }],
      writers: [{ type: 'postgres', args: { table: 'pages' } }],
    });
    expect(parts).toBe(3);
    expect(report.tasks[0]?.counts).toEqual({ read: 6, filtered: 2, duplicates: 2, rejected: 0, staged: 2 });
    expect((await readTable(test.pool, 'pages')).map(({ record }) => record)).toEqual([
      { id: 'a', value: 3 },
      { id: 'b', value: 1 },
    ]);
  });

  it('are one where nothing can be cut: a packed tar, a single member, a small file', async () => {
    expect((await begin(cutInto(8), jobOf('packed', 'tar.gz', many(50)))).parts).toEqual([0]);
    expect((await begin(cutInto(8), jobOf('single', 'zip', many(1, 500)))).parts).toEqual([0]);
    expect((await begin(test.steps, jobOf('small', 'zip', many(50)))).parts).toEqual([0]);
  });

  it('come to the same table and counts as one, whatever they hold and wherever they are cut', async () => {
    let round = 0;
    const archives = fc.constantFrom<Archive>('zip', 'tar', 'tar.gz');
    await fc.assert(
      fc.asyncProperty(
        membersArbitrary,
        membersArbitrary,
        archives,
        fc.integer({ min: 2, max: 9 }),
        async (first, second, archive, most) => {
          round += 1;
          const tables = [`one_${String(round)}`, `many_${String(round)}`] as const;
          const found: unknown[] = [];
          for (const [i, table] of tables.entries()) {
            const steps = i === 0 ? whole : cutInto(most);
            await sync(steps, jobOf(table, archive, first));
            const { report } = await sync(steps, jobOf(table, archive, second));
            found.push(await outcomeOf(report, table));
          }
          expect(found[1]).toEqual(found[0]);
        },
      ),
      { numRuns: 12 },
    );
    // Some fifty runs. On a busy machine they take minutes, and after a timeout they would continue during the next tests.
  }, 400_000);

  it('go on where each of them was stopped, and stay as they were cut', async () => {
    const members = tangled(60, 80);
    for (const table of ['stopped', 'undisturbed']) await sync(whole, jobOf(table, 'tar', tangled(20, 30, 100)));
    const config = jobOf('stopped', 'tar', members);
    const expected = (await sync(whole, jobOf('undisturbed', 'tar', members))).report;
    expect(expected.tasks[0]?.targets[0]?.withdrawn).toBeGreaterThan(5);
    const steps = cutInto(5);
    const { run, parts } = await begin(steps, config);
    for (const partition of parts) {
      const controller = new AbortController();
      const stopped = steps.stagePartition(
        { run, task: 'main', partition },
        {
          signal: controller.signal,
          onProgress: ({ counts }) => {
            if ((counts?.read ?? 0) > 100) controller.abort(new Error('stop'));
          },
        },
      );
      await expect(stopped).rejects.toThrow('stop');
    }
    // The workflow is reset after the fetch. Another worker, which would cut differently, continues with the stored cut.
    const again = await cutInto(2).fetchSource({ run, task: 'main' }, stepContext());
    expect(again).toMatchObject({ kind: 'fetched', partitions: [0, 1, 2, 3, 4] });
    await Promise.all(parts.map((partition) => stage(cutInto(2), run, partition)));
    const report = await end(steps, run);
    expect(await outcomeOf(report, 'stopped')).toEqual(await outcomeOf(expected, 'undisturbed'));
  });

  it('are all read again when the database crashed while some were staged', async () => {
    const { run, parts } = await begin(cutInto(4), jobOf('crashed', 'zip', many(40)));
    for (const partition of parts.slice(0, 2)) await stage(test.steps, run, partition);
    // What a crash leaves of tables that are unlogged.
    await test.pool.query(`TRUNCATE vocab_sync.partition, vocab_sync."stage_${run.replaceAll('-', '')}_0"`);
    for (const partition of parts.slice(2)) await stage(test.steps, run, partition);
    const compared = test.steps.compareTargets({ run, task: 'main' }, stepContext());
    await expect(compared).rejects.toMatchObject({ code: 'E_STAGE_LOST' });
    for (const partition of parts) await stage(test.steps, run, partition);
    expect((await end(test.steps, run)).tasks[0]?.counts).toMatchObject({ read: 160, staged: 160 });
  });

  it('add up to the progress of the run, those that nobody began included', async () => {
    const { run, parts } = await begin(cutInto(4), jobOf('progress', 'tar', many(80)));
    const shares: number[] = [];
    for (const partition of parts) {
      await stage(test.steps, run, partition);
      const progress = await readProgress(test.pool, run);
      const [task] = progress?.tasks ?? [];
      shares.push(Math.round((100 * (task?.bytes ?? 0)) / (task?.totalBytes ?? 1)));
    }
    expect(shares).toEqual([25, 50, 75, 100]);
  });

  it('are read anew when the source is another one after a reset, and nothing of the old one stays', async () => {
    const config = jobOf('changed', 'tar', many(40));
    const path = (config['readers'] as { args: { path: string } }[])[0]?.args.path ?? '';
    const { run, parts } = await begin(cutInto(6), config);
    for (const partition of parts) await stage(test.steps, run, partition);
    await test.pool.query('UPDATE vocab_sync.task SET source = NULL WHERE run_id = $1', [run]);
    test.file(path.slice(test.directory.length + 1), ARCHIVES.tar(many(10)));
    const fetched = await cutInto(2).fetchSource({ run, task: 'main' }, stepContext());
    expect(fetched).toMatchObject({ partitions: [0, 1] });
    for (const partition of [0, 1]) await stage(test.steps, run, partition);
    expect((await end(test.steps, run)).tasks[0]?.counts).toMatchObject({ read: 40, staged: 40 });
  });
});
