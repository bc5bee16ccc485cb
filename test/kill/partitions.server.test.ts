/** A source that several workers read at once: each gets parts of it, and one that is killed costs nothing but time. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildZip } from '../support/build-zip.ts';
import { openKillBench, type KillBench, type KillRun } from '../support/kill-bench.ts';
import { digestTable, leftovers } from '../support/kill-ledger.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { until } from '../support/workflow-bench.ts';

const MEMBERS = 16;
const RECORDS = 2_500;

/** About 50 MB, stored: read in six parts. */
function manyMembers(): Buffer {
  const filler = 'x'.repeat(800);
  return buildZip(
    Array.from({ length: MEMBERS }, (_, member) => ({
      name: `${String(member)}-ror-data.json`,
      method: 0,
      content: `[\n${Array.from({ length: RECORDS }, (_unused, i) => JSON.stringify(organisation(member * RECORDS + i, filler))).join(',\n')}\n]`,
    })),
  );
}

function organisation(n: number, filler: string): object {
  const details = { name: 'Pasadena', country_code: 'US', country_name: 'United States', lat: 1, lng: 1 };
  return {
    id: `https://ror.org/0${n
      .toString(32)
      .replaceAll(/[ilou]/g, 'z')
      .padStart(6, '0')}${String(n % 100).padStart(2, '0')}`,
    status: 'active',
    types: ['education'],
    names: [{ value: `Organisation ${String(n)}`, types: ['ror_display', 'label'], lang: 'en' }],
    locations: [{ geonames_id: 1, geonames_details: details }],
    external_ids: [],
    relationships: [],
    links: [],
    filler,
  };
}

describeWithServers('a source in parts', () => {
  let database: TestDatabase;
  let bench: KillBench;
  let directory: string;
  let source: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    database = await testDatabase();
    bench = await openKillBench(database.url, await testTemporal());
    directory = makeTempDir('vocab-sync-parts-');
    const path = join(directory, 'parts.zip');
    writeFileSync(path, manyMembers());
    source = { type: 'file', args: { path } };
  });
  afterAll(async () => {
    await bench.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await bench.workers(2);
  });

  const untilUnderWay = (run: KillRun): Promise<true> =>
    until(`${run.job} reads several parts at once`, async () => {
      const { rows } = await bench.pool.query<{ n: number }>(
        `SELECT count(*) AS n FROM vocab_sync.partition WHERE run_id = $1 AND state = 'running' HAVING count(cursor) > 0`,
        [run.id],
      );
      return (rows[0]?.n ?? 0) > 1 ? true : undefined;
    });

  it('is read by all workers, and goes on when one of them is killed', async () => {
    const base = await bench.start('parts-base', { source });
    const expected = await base.report();
    expect(expected.tasks[0]?.counts).toMatchObject({ read: MEMBERS * RECORDS, rejected: 0 });
    const { events } = await base.handle.fetchHistory();
    const identities = (events ?? []).flatMap(
      ({ activityTaskStartedEventAttributes: started }) => started?.identity?.split('/')[0] ?? [],
    );
    const workers = (await bench.workers(2)).map(({ identity }) => identity);
    expect(new Set(identities)).toEqual(new Set(workers));

    const run = await bench.start('parts-kill', { source });
    await untilUnderWay(run);
    const worker = await bench.workerOf(run, 'stagePartition');
    worker.signal('SIGKILL');
    await worker.exited;
    const report = await run.report();
    expect(report).toMatchObject({ outcome: expected.outcome, tasks: [{ counts: expected.tasks[0]?.counts }] });
    expect(await digestTable(bench.pool, run.table)).toBe(await digestTable(bench.pool, base.table));
    expect(await leftovers(bench.pool)).toEqual([]);
  });

  it('is left by all workers when the run is cancelled', async () => {
    const run = await bench.start('parts-cancel', { source });
    await untilUnderWay(run);
    await run.handle.cancel();
    await run.report().catch(() => undefined);
    await until('the run has ended in the ledger', async () => {
      const { rows } = await bench.pool.query<{ outcome: string | null }>(
        'SELECT outcome FROM vocab_sync.run WHERE id = $1',
        [run.id],
      );
      return rows[0]?.outcome === 'cancelled' ? true : undefined;
    });
    expect(await leftovers(bench.pool)).toEqual([]);
    expect(await digestTable(bench.pool, run.table)).toMatch(/^0 /);
  });
});
