/** A rollback is the inverse of a publication: on random sequences, for tables and files, whatever was undone before. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollbackRun } from '../../src/pipeline/undo/rollback-run.ts';
import { findWatermark } from '../../src/postgres/ledger/watermark.ts';
import type { RunReport } from '../../src/records/run.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';

interface Line {
  readonly id: string;
  readonly value: number;
}

const sourceArbitrary = fc.uniqueArray(
  fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), value: fc.integer({ min: 0, max: 2 }) }),
  { minLength: 1, maxLength: 6, selector: ({ id }) => id },
);

/** Keys in an order that PostgreSQL's jsonb does not keep. */
const toText = (lines: readonly Line[]): string =>
  lines.map(({ id, value }) => `${JSON.stringify({ zz: value, id, a: [value], name: `n${id}` })}\n`).join('');

describeWithPostgres('a rollback', () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await openTestEngine();
  });
  afterAll(async () => {
    await test.close();
  });

  function publish(name: string, lines: readonly Line[]): Promise<RunReport> {
    const path = test.file(`${name}.jsonl`, toText(lines));
    const writers = [
      { type: 'postgres', args: { table: name, on_missing: 'withdraw' } },
      { type: 'file', args: { path: join(test.directory, `${name}-out.jsonl`), on_missing: 'withdraw' } },
    ];
    return runJobOnce(test.steps, linesJob(path, { id: name.replaceAll('_', '-'), writers }));
  }

  async function look(name: string): Promise<unknown> {
    const file = join(test.directory, `${name}-out.jsonl`);
    return { rows: await readTable(test.pool, name), file: existsSync(file) ? readFileSync(file, 'utf8') : '' };
  }

  const undo = (run: string, force = false): ReturnType<typeof rollbackRun> =>
    rollbackRun(test.engine, { run, startedBy: 'test', force, signal: new AbortController().signal });

  const changedNothing = ({ tasks }: RunReport): boolean =>
    (tasks[0]?.targets ?? []).every((t) => t.inserted + t.updated + t.restored + t.withdrawn === 0);

  it('gives back, run after run, exactly what readers saw before, and can be undone itself', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(sourceArbitrary, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (sources, redo) => {
          number += 1;
          const name = `undo_${String(number)}`;
          const stack: { readonly run: string; readonly before: unknown }[] = [];
          for (const [i, source] of sources.entries()) {
            const before = i === 0 ? undefined : await look(name);
            const report = await publish(name, source);
            if (!changedNothing(report)) stack.push({ run: report.run, before });
          }
          for (const { run, before } of stack.toReversed()) {
            const after = await look(name);
            const { report } = await undo(run);
            expect(report).toMatchObject({ mode: 'rollback', outcome: 'success', rolls_back: run });
            const undone = await look(name);
            expect(undone).toEqual(before ?? { rows: [], file: '' });
            if (!redo) continue;
            const { report: again } = await undo(report.run);
            expect(await look(name)).toEqual(after);
            await undo(again.run);
            expect(await look(name)).toEqual(undone);
          }
          // The same source again is not taken for published.
          const last = sources.at(-1) ?? [];
          await publish(name, last);
          const rows = await readTable(test.pool, name);
          const active = rows.filter(({ withdrawn }) => !withdrawn).map(({ id, record }) => [id, record['zz']]);
          expect(active).toEqual(
            last.map(({ id, value }) => [id, value]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
          );
        },
      ),
      { numRuns: 12 },
    );
  });

  it('compares a restored record as the same when the source gives it again', async () => {
    await publish('undo_same', [{ id: 'a', value: 0 }]);
    const second = await publish('undo_same', [{ id: 'a', value: 1 }]);
    await undo(second.run);
    const third = await publish('undo_same', [{ id: 'a', value: 0 }]);
    expect(third.tasks[0]?.targets[0]).toMatchObject({ updated: 0, unchanged: 1 });
  });

  describe('where later runs changed the same records', () => {
    it('refuses with the list and changes nothing; --force leaves them out', async () => {
      await publish('undo_later', [{ id: 'a', value: 0 }]);
      const second = await publish('undo_later', [
        { id: 'a', value: 1 },
        { id: 'b', value: 1 },
        { id: 'c', value: 1 },
      ]);
      const third = await publish('undo_later', [
        { id: 'a', value: 1 },
        { id: 'b', value: 2 },
        { id: 'c', value: 1 },
      ]);
      const before = await look('undo_later');
      await expect(undo(second.run)).rejects.toMatchObject({
        code: 'E_ROLLBACK_CONFLICT',
        message: expect.stringMatching(
          new RegExp(
            `2 of the records .*changed again later:\\n {2}b \\(postgres:undo_later\\): changed by run ${third.run}\\n`,
          ),
        ) as string,
      });
      expect(await look('undo_later')).toEqual(before);

      const forced = await undo(second.run, true);
      expect(forced.leftOut).toBe(2);
      const rows = await readTable(test.pool, 'undo_later');
      expect(rows.map(({ id, record }) => [id, record['zz']])).toEqual([
        ['a', 0],
        ['b', 2],
      ]);
    });
  });

  describe('is refused', () => {
    it('for a run that changed nothing', async () => {
      await publish('undo_none', [{ id: 'a', value: 0 }]);
      const same = await publish('undo_none', [{ id: 'a', value: 0 }]);
      await expect(undo(same.run)).rejects.toMatchObject({
        code: 'E_ROLLBACK_REFUSED',
        message: expect.stringContaining('it changed no record') as string,
      });
    });

    it('for a run that was rolled back already, naming the rollback', async () => {
      const run = await publish('undo_twice', [{ id: 'a', value: 0 }]);
      const { report } = await undo(run.run);
      await expect(undo(run.run)).rejects.toMatchObject({
        code: 'E_ROLLBACK_REFUSED',
        message: expect.stringContaining(report.run) as string,
      });
    });

    it('while another run holds the job, naming it', async () => {
      const run = await publish('undo_held', [{ id: 'a', value: 0 }]);
      await test.pool.query(`UPDATE vocab_sync.run SET finished_at = NULL WHERE id = $1`, [run.run]);
      await expect(undo(run.run)).rejects.toMatchObject({ code: 'E_RUN_STATE' });
      await test.pool.query(`UPDATE vocab_sync.run SET finished_at = now() WHERE id = $1`, [run.run]);
      const second = await publish('undo_held', [{ id: 'a', value: 1 }]);
      await test.pool.query(`UPDATE vocab_sync.run SET finished_at = NULL WHERE id = $1`, [second.run]);
      await expect(undo(run.run)).rejects.toMatchObject({
        code: 'E_RUN_STATE',
        message: expect.stringContaining(`run ${second.run}`) as string,
      });
    });

    it('where the file of a target is not on this machine, and then leaves the table as it is', async () => {
      const first = await publish('undo_elsewhere', [{ id: 'a', value: 0 }]);
      const out = join(test.directory, 'undo_elsewhere-out.jsonl');
      renameSync(out, `${out}.away`);
      const before = await readTable(test.pool, 'undo_elsewhere');
      await expect(undo(first.run, true)).rejects.toMatchObject({
        code: 'E_ROLLBACK_REFUSED',
        message: expect.stringContaining(`is not on ${hostname()}`) as string,
      });
      expect(await readTable(test.pool, 'undo_elsewhere')).toEqual(before);
      expect(existsSync(out)).toBe(false);
      renameSync(`${out}.away`, out);
      expect((await undo(first.run)).report.outcome).toBe('success');
    });

    it('where a part of its change log was pruned', async () => {
      const run = await publish('undo_pruned', [{ id: 'a', value: 0 }]);
      await test.pool.query('DELETE FROM vocab_sync.change WHERE run_id = $1', [run.run]);
      await expect(undo(run.run)).rejects.toMatchObject({
        code: 'E_ROLLBACK_REFUSED',
        message: expect.stringContaining('holds 0 of its 1 changes') as string,
      });
    });
  });

  it('takes the watermark back to the run before, and its own rollback brings it forward again', async () => {
    const first = await publish('undo_mark', [{ id: 'a', value: 0 }]);
    const second = await publish('undo_mark', [{ id: 'a', value: 1 }]);
    const standing = async (): Promise<string | undefined> => {
      const watermark = await findWatermark(test.pool, 'undo-mark', false);
      return watermark.kind === 'run' ? watermark.run.run : undefined;
    };
    expect(await standing()).toBe(second.run);
    const { report } = await undo(second.run);
    expect(await standing()).toBe(first.run);
    await undo(report.run);
    expect(await standing()).toBe(second.run);
  });
});
