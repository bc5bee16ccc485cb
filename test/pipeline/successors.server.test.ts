/** What ROR says about organisations that are no longer in use: stored alongside the records, not in them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { rollbackRun } from '../../src/pipeline/undo/rollback-run.ts';
import { readChanges } from '../../src/postgres/ledger/change-history.ts';
import { readRecordHistory } from '../../src/postgres/ledger/record-history.ts';
import { snapshotTarget, tableTarget, type Target } from '../../src/postgres/publish/target.ts';
import { describeNotes } from '../../src/records/notes.ts';
import type { Compared, RunReport } from '../../src/pipeline/run-steps.ts';
import { openTestEngine, readTable, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { memoryTarget, type MemoryTarget } from '../support/memory-target.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import {
  ADELAIDE_UNIVERSITY,
  CONTINUED,
  UNIVERSITY_OF_ADELAIDE,
  toDump,
  type Organisation,
} from '../support/ror-organisations.ts';

describeWithPostgres('organisations that others continue', () => {
  let bench: TestEngine;
  let memory: MemoryTarget;
  let id: string;
  beforeAll(async () => {
    memory = memoryTarget('memory');
    bench = await openTestEngine(undefined, { writers: [memory.writer] });
  });
  afterAll(() => bench.close());
  beforeEach(() => {
    id = `job_${randomUUID().slice(0, 8)}`;
  });

  const tableOf = (): Target => tableTarget(`postgres:${id}`, id);
  const job = (dump: readonly Organisation[], more: object = {}): Record<string, unknown> => ({
    id: id.replace('_', '-'),
    title: 'Organisations',
    readers: [{ type: 'file', args: { path: bench.file(`${id}.json`, toDump(dump)) } }, { type: 'json' }],
    transformers: [{ type: 'ror-affiliations' }],
    writers: [{ type: 'postgres', args: { table: id, on_missing: 'withdraw' } }],
    ...more,
  });
  const publish = (dump: readonly Organisation[], more: object = {}): Promise<RunReport> =>
    runJobOnce(bench.steps, job(dump, more), { request: { force: true } });
  /** Each change of a run with its notes, and the notes that are kept with the published rows. */
  const notesOf = async (run: string, target = tableOf()): Promise<Record<string, string>> => {
    const changes = await readChanges(bench.pool, run, { limit: 100 }, () => [target]);
    return Object.fromEntries(
      changes.map(({ id: record, op, notes }) => [`${op} ${record}`, notes === undefined ? '' : describeNotes(notes)]),
    );
  };
  const kept = async (target = tableOf()): Promise<readonly string[]> =>
    (
      await bench.pool.query<{ id: string }>('SELECT id FROM vocab_sync.note WHERE target = $1 ORDER BY id', [
        target.name,
      ])
    ).rows.map((row) => row.id);
  /** A plan that is looked at while it waits. */
  const plan = async <T>(
    dump: readonly Organisation[],
    look: (plan: Compared, run: string) => Promise<T>,
  ): Promise<T> => {
    const run = randomUUID();
    const config = JSON.stringify(job(dump));
    const request = { job: id.replace('_', '-'), trigger: 'manual' as const, mode: 'plan' as const, config };
    await bench.steps.resolveRun({ run, workflowId: `w/${run}`, request }, stepContext());
    await bench.steps.fetchSource({ run, task: 'main' }, stepContext());
    await bench.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    const compared = await bench.steps.compareTargets({ run, task: 'main' }, stepContext());
    const seen = await look(compared, run);
    await bench.steps.finishRun({ run, outcome: 'discarded' }, stepContext());
    return seen;
  };
  const ADELAIDE = 'inactive, continued by Adelaide University (028g18b61)';

  it('are named in the plan, in the change log and in the history, with who continues them', async () => {
    await publish([UNIVERSITY_OF_ADELAIDE]);
    const dump = [CONTINUED, ADELAIDE_UNIVERSITY];
    await plan(dump, async ({ ended }, run) => {
      expect(ended).toMatchObject({ total: 1 });
      expect(ended?.lines[0]).toContain(`The University of Adelaide (00892tw58): ${ADELAIDE}`);
      expect(await notesOf(run)).toEqual({ 'update 00892tw58': ADELAIDE, 'insert 028g18b61': '' });
    });
    const { run } = await publish(dump);
    expect(await notesOf(run)).toEqual({ 'update 00892tw58': ADELAIDE, 'insert 028g18b61': '' });
    expect(await kept()).toEqual(['00892tw58']);
    const history = await readRecordHistory(bench.pool, '00892tw58', [`postgres:${id}`]);
    expect(history.map(({ notes }) => notes?.status)).toEqual([undefined, 'inactive']);
    const [record] = await readTable(bench.pool, id);
    expect(JSON.stringify(record?.record)).not.toContain('028g18b61');
  });

  it('change nothing in the records: new notes alone are kept and nothing is published', async () => {
    await publish([{ ...CONTINUED, successors: [] }]);
    const report = await publish([CONTINUED]);
    expect(report.tasks[0]?.targets[0]).toMatchObject({ updated: 0, unchanged: 1 });
    const { rows } = await bench.pool.query('SELECT notes FROM vocab_sync.note WHERE target = $1', [`postgres:${id}`]);
    expect(rows).toMatchObject([{ notes: { successors: [{ id: '028g18b61' }] } }]);
    await publish([UNIVERSITY_OF_ADELAIDE]);
    expect(await kept()).toEqual([]);
  });

  it('are kept for records that are recognised by their bytes', async () => {
    const others = Array.from({ length: 40 }, (_, i) => ({
      id: `0aaaaa${String(i + 100)}`,
      name: `Other ${String(i)}`,
    }));
    await publish([CONTINUED, ...others]);
    await publish([CONTINUED, ...others, ADELAIDE_UNIVERSITY]);
    expect(await kept()).toEqual(['00892tw58']);
  });

  it('are told of a record that is withdrawn because its status is filtered', async () => {
    const active = { transformers: [{ type: 'ror-affiliations', args: { statuses: ['active'] } }] };
    await publish([UNIVERSITY_OF_ADELAIDE, ADELAIDE_UNIVERSITY], active);
    const { run } = await publish([CONTINUED, ADELAIDE_UNIVERSITY], active);
    expect(await notesOf(run)).toEqual({ 'withdraw 00892tw58': ADELAIDE });
  });

  it('follow a chain to its end, and a circle once around', async () => {
    const to = (name: string, other: string) => ({ status: 'withdrawn', successors: [[name, other]] as const });
    const [a, b, c] = ['0aaaaaa11', '0bbbbbb22', '0cccccc33'];
    await publish([
      { id: a, name: 'A', ...to('Old name of B', b) },
      { id: b, name: 'B', ...to('C', c) },
      { id: c, name: 'C' },
      { id: '0ddddd144', name: 'D', ...to('E', '0eeeee155') },
      { id: '0eeeee155', name: 'E', ...to('D', '0ddddd144') },
      { id: '0fffff166', name: 'F', ...to('F', '0fffff166') },
    ]);
    const { rows } = await bench.pool.query<{ id: string; notes: Parameters<typeof describeNotes>[0] }>(
      'SELECT id, notes FROM vocab_sync.note WHERE target = $1 ORDER BY id',
      [`postgres:${id}`],
    );
    expect(rows.map(({ notes }) => describeNotes(notes))).toEqual([
      'withdrawn, continued by B (0bbbbbb22), now C (0cccccc33)',
      'withdrawn, continued by C (0cccccc33)',
      'withdrawn, continued by E (0eeeee155)',
      'withdrawn, continued by D (0ddddd144)',
      'withdrawn, continued by F (0fffff166)',
    ]);
  });

  it('get back the notes that they had when a run is rolled back', async () => {
    await publish([UNIVERSITY_OF_ADELAIDE]);
    await publish([{ ...CONTINUED, successors: [] }]);
    const { run } = await publish([{ ...CONTINUED, name: 'University of Adelaide' }]);
    await rollbackRun(bench.engine, { run, startedBy: 'test', force: false, signal: stepContext().signal });
    const { rows } = await bench.pool.query('SELECT notes FROM vocab_sync.note WHERE target = $1', [`postgres:${id}`]);
    expect(rows).toEqual([{ notes: { status: 'inactive' } }]);
  });

  it('are kept by the answers of a target that receives changes', async () => {
    const writers = { writers: [{ type: 'memory', args: { name: id } }] };
    await publish([UNIVERSITY_OF_ADELAIDE], writers);
    const { run } = await publish([CONTINUED, ADELAIDE_UNIVERSITY], writers);
    const target = snapshotTarget(`memory:${id}`);
    expect(await notesOf(run, target)).toEqual({ 'update 00892tw58': ADELAIDE, 'insert 028g18b61': '' });
    expect(await kept(target)).toEqual(['00892tw58']);
    expect(JSON.stringify([...memory.held.values()])).not.toContain('successor');
  });

  it('cost nothing where a source has none: no table of notes is made', async () => {
    const { rows } = await plan([UNIVERSITY_OF_ADELAIDE], (_plan, run) =>
      bench.pool.query("SELECT relname FROM pg_class WHERE relname LIKE 'notes\\_%' AND relname LIKE $1", [
        `%${run.replaceAll('-', '')}%`,
      ]),
    );
    expect(rows).toEqual([]);
  });
});
