/** The shipped ROR jobs on the real dumps, checked by an independent comparison of the mapped dumps. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/pipeline/run-steps.ts';
import { createTransform } from '../support/create-transform.ts';
import { openTestEngine, readTable, runJobOnce, testCatalog, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { sharedData } from '../support/shared-data.ts';

const OLD = sharedData('ror', 'v2.8-2026-06-02-ror-data.zip');
const NEW = sharedData('ror', 'v2.9-2026-06-23-ror-data.zip');
const DUAL = sharedData('ror', 'v1.50-2024-07-29-ror-data.zip');

interface Mapped {
  readonly id: string;
}

/** id → record as JSON text, read with other tools than the ones under test. */
async function mapDump(dump: string, member: string, transformer: string): Promise<ReadonlyMap<string, unknown>> {
  const text = execFileSync('unzip', ['-p', dump, member], { maxBuffer: 1 << 30 }).toString('utf8');
  const transform = await createTransform(testCatalog, transformer);
  return new Map(
    (JSON.parse(text) as unknown[]).map((value) => transform(value) as Mapped).map((record) => [record.id, record]),
  );
}

function compareDumps(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>) {
  const both = [...after.keys()].filter((id) => before.has(id));
  const updated = both.filter((id) => JSON.stringify(before.get(id)) !== JSON.stringify(after.get(id))).length;
  return {
    inserted: after.size - both.length,
    updated,
    unchanged: both.length - updated,
    withdrawn: [...before.keys()].filter((id) => !after.has(id)).length,
    restored: 0,
    rejected: 0,
  };
}

function loadConfig(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../../config/jobs/${name}.json`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;
}

const describeOnDumps =
  OLD === undefined || NEW === undefined || DUAL === undefined ? describe.skip : describeWithPostgres;

describeOnDumps('on real dumps', () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await openTestEngine();
  });
  afterAll(async () => {
    await test.close();
  });

  const run = (
    job: string,
    dump: string | undefined,
    customArgs?: Record<string, unknown>,
    force = false,
  ): Promise<RunReport> =>
    runJobOnce(test.steps, loadConfig(job), {
      request: {
        input: { path: dump ?? '', name: 'dump' },
        force,
        ...(customArgs === undefined ? {} : { customArgs }),
      },
    });

  describe.each([
    { job: 'ror-affiliations', table: 'affiliations' },
    { job: 'ror-funders', table: 'funders' },
  ])('$job', ({ job, table }) => {
    it('publishes v2.8, then exactly what differs in v2.9, then nothing', async () => {
      const old = await mapDump(OLD ?? '', '*-ror-data.json', job);
      const fresh = await mapDump(NEW ?? '', '*-ror-data.json', job);
      const first = await run(job, OLD);
      expect(first.tasks[0]?.targets[0]).toMatchObject({ inserted: old.size, updated: 0, withdrawn: 0, rejected: 0 });
      const second = await run(job, NEW);
      expect(second.outcome).toBe('success');
      expect(second.tasks[0]?.targets[0]).toMatchObject(compareDumps(old, fresh));
      const rows = await readTable(test.pool, table);
      expect(rows.filter((row) => row.withdrawn)).toEqual([]);
      expect(rows.length).toBe(fresh.size);
      for (const { id, record } of rows) expect(record).toEqual(fresh.get(id));

      const third = await run(job, NEW);
      expect(third.outcome).toBe('unchanged');
      const again = await run(job, NEW, undefined, true);
      expect(again.tasks[0]?.targets[0]).toMatchObject({
        inserted: 0,
        updated: 0,
        withdrawn: 0,
        unchanged: fresh.size,
      });
      const written = await test.pool.query(`SELECT count(*) AS n FROM vocab_sync.change WHERE run_id = $1`, [
        again.run,
      ]);
      expect(written.rows).toEqual([{ n: 0 }]);
    });
  });

  it('waits for approval when two thirds of the dump are missing, and says why', async () => {
    const text = execFileSync('unzip', ['-p', NEW ?? '', '*-ror-data.json'], { maxBuffer: 1 << 30 }).toString('utf8');
    const third = (JSON.parse(text) as unknown[]).slice(0, 12_000);
    const cut = test.file('v2.9-ror-data.json', JSON.stringify(third, null, 4));
    const readers = [{ type: 'file', args: { path: cut } }, { type: 'json' }];
    const report = await runJobOnce(test.steps, { ...loadConfig('ror-affiliations'), readers });
    expect(report.outcome).toBe('discarded');
    expect(report.tasks[0]?.trips).toEqual([
      { guard: 'min_records', message: 'Expected at least 20,000 records, found 12,000.' },
      {
        guard: 'max_shrink_percent',
        message:
          'Expected at most 5 % of the 35,990 published records of postgres:affiliations to be gone, found 23,990 gone (66.7 %).',
      },
      { guard: 'max_changed_percent', message: expect.stringContaining('66.7 %') as string },
    ]);
    const rows = await readTable(test.pool, 'affiliations');
    expect(rows.filter((row) => row.withdrawn)).toEqual([]);
  });

  it('takes the v2 member of a dump with both schemas, and names it to whoever chose the v1 member', async () => {
    const table = { writers: { postgres: { table: 'dual' } }, guards: { min_records: 4000 } };
    const wrong = run('ror-affiliations', DUAL, table);
    await expect(wrong).rejects.toMatchObject({
      code: 'E_ROR_SCHEMA_V1',
      message: expect.stringContaining('_schema_v2') as string,
    });
    const report = await run('ror-affiliations', DUAL, { ...table, readers: { zip: { regex: '_schema_v2\\.json$' } } });
    expect(report).toMatchObject({ outcome: 'success', tasks: [{ counts: { read: 4107, staged: 4107 } }] });
  });

  it('takes the right member for the outdated pattern on a newer dump, with a warning', async () => {
    const report = await run('ror-affiliations', NEW, {
      writers: { postgres: { table: 'outdated' } },
      readers: { zip: { regex: '_schema_v2\\.json$' } },
    });
    expect(report).toMatchObject({ outcome: 'success', tasks: [{ counts: { read: 35990 } }] });
    expect(report.tasks[0]?.warnings.map(({ code }) => code)).toContain('W_ZIP_OUTDATED_PATTERN');
  });
});
