/** Records that several jobs make together, in every kind of target, against a model of what the sources say. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from '../../src/records/document.ts';
import { extractPart, mergeRecord, type Layer } from '../../src/records/layers.ts';
import type { RunReport } from '../../src/records/run.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { memoryTarget, type MemoryTarget } from '../support/memory-target.ts';

const LAYERS: Readonly<Record<string, Layer>> = {
  one: { name: 'one', owns: ['/x', '/list[k=one]'] },
  two: { name: 'two', owns: ['/y/deep', '/list[k=two]'] },
};
type Who = 'base' | 'other' | 'one' | 'two';

/** The two jobs that make records have ids of their own. */
const IDS: Readonly<Record<Who, readonly string[]>> = {
  base: ['a', 'b', 'c', 'd'],
  other: ['x', 'y'],
  one: ['a', 'b', 'c', 'x', 'z'],
  two: ['b', 'c', 'd', 'x', 'z'],
};

const sourceOf = (who: Who): fc.Arbitrary<readonly Document[]> =>
  fc.uniqueArray(
    fc
      .record({ id: fc.constantFrom(...IDS[who]), x: fc.constantFrom(1, 2), list: fc.subarray(['one', 'two', 'no']) })
      .map(({ id, x, list }) => ({
        zz: x,
        id,
        x,
        y: { deep: x, flat: who },
        list: list.map((k) => ({ k, by: who, x })),
      })),
    { minLength: 0, maxLength: 5, selector: ({ id }) => id },
  );

type Op = { readonly who: Who; readonly source: readonly Document[] } | { readonly undo: Who };

const operation: fc.Arbitrary<Op> = fc
  .constantFrom<Who>('base', 'other', 'one', 'two')
  .chain((who): fc.Arbitrary<Op> =>
    fc.oneof(
      { weight: 4, arbitrary: sourceOf(who).map((source) => ({ who, source })) },
      { weight: 1, arbitrary: fc.constant({ undo: who }) },
    ),
  );

describeWithPostgres('layers', () => {
  let test: TestEngine;
  let memory: MemoryTarget;
  let number = 0;

  beforeAll(async () => {
    memory = memoryTarget();
    test = await openTestEngine(undefined, { writers: [memory.writer] });
  });
  afterAll(async () => {
    await test.close();
  });

  interface World {
    readonly name: string;
    publish(who: Who, source: readonly Document[]): Promise<RunReport>;
    undo(run: string, who: Who): Promise<RunReport>;
    look(): Promise<Look>;
  }
  interface Look {
    readonly table: unknown;
    readonly file: unknown;
    readonly memory: unknown;
  }

  const newWorld = (): World => {
    number += 1;
    const name = `world_${String(number)}`;
    const out = join(test.directory, `${name}-out.jsonl`);
    memory.held.clear();
    const jobOf = (who: Who, path: string): Record<string, unknown> => {
      const layer = LAYERS[who] === undefined ? {} : { layer: LAYERS[who] };
      return linesJob(path, {
        id: `${name.replaceAll('_', '-')}-${who}`,
        writers: [
          { type: 'postgres', args: { table: name, on_missing: 'withdraw' }, ...layer },
          // A file belongs to one job that makes whole records.
          ...(who === 'other' ? [] : [{ type: 'file', args: { path: out, on_missing: 'withdraw' }, ...layer }]),
          { type: 'memory', args: { name }, ...layer },
        ],
        guards: { allow_empty: true },
      });
    };
    return {
      name,
      publish: (who, source) =>
        runJobOnce(
          test.steps,
          jobOf(who, test.file(`${name}-${who}.jsonl`, source.map((line) => `${JSON.stringify(line)}\n`).join(''))),
          { request: { force: true } },
        ),
      async undo(undoes, who) {
        const run = randomUUID();
        const job = `${name.replaceAll('_', '-')}-${who}`;
        const request = { job, trigger: 'manual', mode: 'rollback', undoes } as const;
        await test.steps.resolveRun({ run, workflowId: `vocab-sync/${job}/${run}`, request }, stepContext());
        try {
          const { tasks } = await test.steps.undoRun({ run }, stepContext());
          for (const { name: task, publications = [] } of tasks) {
            for (const target of publications) await test.steps.publishTarget({ run, task, target }, stepContext());
          }
          return await test.steps.finishRun({ run, outcome: 'ended' }, stepContext());
        } catch (error: unknown) {
          await test.steps.finishRun({ run, outcome: 'failed' }, stepContext());
          throw error;
        }
      },
      async look() {
        const rows = (await readTable(test.pool, name)).filter(({ withdrawn }) => !withdrawn);
        const lines = existsSync(out) ? readFileSync(out, 'utf8').split('\n').filter(Boolean) : [];
        return {
          table: rows.map(({ record }) => record),
          file: lines.map((line) => JSON.parse(line) as unknown),
          memory: [...memory.held.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
        };
      },
    };
  };

  const expectEverywhere = async (world: World, sources: Sources): Promise<void> => {
    const records = model(sources);
    const file = model({ ...sources, other: [] });
    expect(await world.look()).toEqual({ table: records, file, memory: records });
  };

  it('give the records that the sources make, whatever ran and was rolled back in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 3, maxLength: 7 }), async (operations) => {
        const world = newWorld();
        const done: Record<Who, { run: string; source: readonly Document[] }[]> = {
          base: [],
          other: [],
          one: [],
          two: [],
        };
        for (const op of operations) {
          if ('who' in op) {
            const { run } = await world.publish(op.who, op.source);
            done[op.who].push({ run, source: op.source });
          } else {
            const last = done[op.undo].at(-1);
            if (last === undefined) continue;
            // One that changed nothing, or that was published before the target had layers, is refused.
            const code = await world.undo(last.run, op.undo).then(
              () => undefined,
              (error: unknown) => (error as { code: string }).code,
            );
            if (code === undefined) done[op.undo].pop();
            else expect(code).toBe('E_ROLLBACK_REFUSED');
          }
          const last = Object.entries(done).map(([who, runs]) => [who, runs.at(-1)?.source ?? []]);
          await expectEverywhere(world, Object.fromEntries(last) as Sources);
        }
        const before = memory.made.length;
        for (const who of Object.keys(done) as Who[]) {
          const last = done[who].at(-1);
          if (last !== undefined) await world.publish(who, last.source);
        }
        expect(memory.made.slice(before)).toEqual([]);
      }),
      { numRuns: 5 },
    );
    // Some forty runs. On a busy machine they take minutes, and after a timeout they would continue during the next tests.
  }, 400_000);

  const a = (x: number, by: Who = 'base'): Document => ({ id: 'a', x, y: { flat: by, deep: x } });

  it('wait for a record that is not there yet, join it, and wait again when it goes', async () => {
    const world = newWorld();
    const early = await world.publish('one', [a(7, 'one'), { ...a(8, 'one'), id: 'z' }]);
    expect(countsOf(early, `postgres:${world.name}`)).toMatchObject({ updated: 0, unchanged: 0, waiting: 2 });
    await world.publish('base', [a(1)]);
    await expectEverywhere(world, { base: [a(1)], one: [a(7)] });
    const again = await world.publish('one', [a(9, 'one'), { ...a(8, 'one'), id: 'z' }]);
    expect(countsOf(again, `memory:${world.name}`)).toMatchObject({ updated: 1, unchanged: 0, waiting: 1 });
    await world.publish('base', []);
    expect((await world.look()).table).toEqual([]);
    const waits = await world.publish('one', [a(5, 'one')]);
    expect(countsOf(waits, `postgres:${world.name}`)).toMatchObject({ updated: 0, waiting: 1 });
    await world.publish('base', [a(2)]);
    await expectEverywhere(world, { base: [a(2)], one: [a(5)] });
  });

  it('give back exactly the record that was there before, when they are withdrawn', async () => {
    const world = newWorld();
    await world.publish('base', [a(1), { ...a(1), id: 'b' }]);
    const before = await world.look();
    await world.publish('one', [a(7, 'one')]);
    expect(await world.look()).not.toEqual(before);
    const withdrawn = await world.publish('one', []);
    expect(countsOf(withdrawn, `postgres:${world.name}`)).toMatchObject({ updated: 1, withdrawn: 0, absent: 1 });
    expect(await world.look()).toEqual(before);
  });

  it('are sent as one change of the whole record, and a change of the base does not touch them', async () => {
    const world = newWorld();
    await world.publish('one', [a(7, 'one')]);
    await world.publish('two', [a(8, 'two')]);
    memory.made.length = 0;
    await world.publish('base', [a(1)]);
    expect(memory.made).toEqual(['insert a']);
    const owned = await world.publish('base', [a(2)]);
    expect(countsOf(owned, `memory:${world.name}`)).toMatchObject({ updated: 0, unchanged: 1 });
    await world.publish('base', [a(2, 'other')]);
    expect(memory.made).toEqual(['insert a', 'update a']);
    expect(memory.held.get('a')).toMatchObject({ x: 7, y: { deep: 8, flat: 'other' } });
  });

  it('are published again with other places', async () => {
    const world = newWorld();
    await world.publish('base', [a(1)]);
    const layer = { name: 'one', owns: ['/x'] };
    const path = test.file('other-places.jsonl', `${JSON.stringify({ id: 'a', x: 7, zz: 8 })}\n`);
    const job = (owns: readonly string[]): Record<string, unknown> =>
      linesJob(path, {
        id: 'other-places',
        writers: [{ type: 'postgres', args: { table: world.name }, layer: { ...layer, owns } }],
      });
    await runJobOnce(test.steps, job(['/x']));
    expect(await recordOf(world.name, 'a')).toEqual({ ...a(1), x: 7 });
    await runJobOnce(test.steps, job(['/zz']));
    expect(await recordOf(world.name, 'a')).toEqual({ ...a(1), zz: 8 });
  });

  it('of two jobs may not own the same, and records that were entered by hand have none', async () => {
    const world = newWorld();
    await world.publish('base', [a(1)]);
    await test.pool.query(
      `INSERT INTO vocabularies."${world.name}" (id, record, hash) VALUES ('b', '{"id": "b", "x": 0}', 'hand')`,
    );
    await world.publish('one', [a(7, 'one'), { ...a(7, 'one'), id: 'b' }]);
    expect(await recordOf(world.name, 'b')).toEqual({ id: 'b', x: 0 });
    const path = test.file('rival.jsonl', '{"id": "a", "x": 3}\n');
    const layer = { name: 'rival', owns: ['/x/inner'] };
    const rival = linesJob(path, { id: 'rival', writers: [{ type: 'postgres', args: { table: world.name }, layer }] });
    await expect(runJobOnce(test.steps, rival)).rejects.toMatchObject({ code: 'E_TARGET_CONFLICT' });
    expect(await recordOf(world.name, 'a')).toMatchObject({ x: 7 });
  });

  describe('and runs of two jobs at the same time', () => {
    it('compare again where the other one published in between', async () => {
      const world = newWorld();
      await world.publish('base', [a(1)]);
      const path = test.file('between.jsonl', `${JSON.stringify(a(2))}\n`);
      const base = linesJob(path, {
        id: `${world.name.replaceAll('_', '-')}-base`,
        writers: [{ type: 'postgres', args: { table: world.name, on_missing: 'withdraw' } }],
      });
      const run = randomUUID();
      const request = { job: String(base['id']), trigger: 'manual', config: JSON.stringify(base) } as const;
      const where = { run, task: 'main' };
      await test.steps.resolveRun({ run, workflowId: `vocab-sync/${request.job}/${run}`, request }, stepContext());
      await test.steps.fetchSource(where, stepContext());
      const compare = async (): Promise<string> => {
        await test.steps.stagePartition({ ...where, partition: 0 }, stepContext());
        return (await test.steps.compareTargets(where, stepContext())).planDigest;
      };
      const planDigest = await compare();
      await world.publish('one', [a(7, 'one')]);
      await expect(test.steps.applyChanges({ ...where, planDigest }, stepContext())).rejects.toMatchObject({
        code: 'E_STAGE_LOST',
      });
      await test.steps.applyChanges({ ...where, planDigest: await compare() }, stepContext());
      await test.steps.finishRun({ run, outcome: 'ended' }, stepContext());
      expect(await recordOf(world.name, 'a')).toEqual({ ...a(2), x: 7 });
    });
  });

  async function recordOf(table: string, id: string): Promise<unknown> {
    return (await readTable(test.pool, table)).find((row) => row.id === id)?.record;
  }
});

type Sources = Readonly<Partial<Record<Who, readonly Document[]>>>;

function model(sources: Sources): readonly Document[] {
  return [...(sources.base ?? []), ...(sources.other ?? [])]
    .map((record) =>
      mergeRecord(
        record,
        Object.values(LAYERS).flatMap((layer) => {
          const known = sources[layer.name as Who]?.find(({ id }) => id === record.id);
          return known === undefined ? [] : [{ ...layer, part: extractPart(known, layer.owns) }];
        }),
      ),
    )
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

function countsOf({ tasks }: RunReport, target: string): unknown {
  return tasks[0]?.targets.find(({ name }) => name === target);
}
