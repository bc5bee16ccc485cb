/** Records that are recognised by their bytes: never parsed again, never counted differently. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunReport } from '../../src/pipeline/run-steps.ts';
import { buildTar } from '../support/build-tar.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

/** The same records, and the same with a space more in the second. */
const FORMATS = {
  json: (records: readonly unknown[], space = '') => spaced(JSON.stringify(records, null, 4), space),
  jsonl: (records: readonly unknown[], space = '') =>
    spaced(records.map((record) => JSON.stringify(record)).join('\n'), space),
};

function spaced(text: string, space: string): string {
  return text.replace(/("b",\s*"v":)/, `$1${space}`);
}

describeWithPostgres.each(['json', 'jsonl'] as const)('records of %s that were read before', (format) => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  const dump = FORMATS[format];
  const run = (text: string, overrides: Record<string, unknown> = {}): Promise<RunReport> => {
    const path = test.file('dump.json', text);
    const readers = [{ type: 'file', args: { path } }, { type: format }];
    return runJobOnce(test.steps, linesJob(path, { readers, ...overrides }), {
      request: { force: true },
      approve: false,
    });
  };
  const hashes = async (): Promise<number> => {
    const { rows } = await test.pool.query<{ n: number }>('SELECT count(source_hash) AS n FROM vocabularies.lines');
    return rows[0]?.n ?? 0;
  };
  /** A digest that was tampered with would be believed: that shows who was recognised and who was parsed. */
  const mark = (id: string) => test.pool.query(`UPDATE vocabularies.lines SET hash = '\\x01' WHERE id = $1`, [id]);

  const three = [
    { id: 'a', v: 1 },
    { id: 'b', v: 1 },
    { id: 'c', v: 1 },
  ];

  it('are not parsed again, and those that differ in a byte are', async () => {
    await run(dump(three));
    expect(await hashes()).toBe(3);
    await mark('a');
    await mark('b');
    const report = await run(dump(three, ' '));
    // b was parsed and found to differ from its tampered hash; a was recognised and believed.
    expect(report.tasks[0]?.targets[0]).toMatchObject({ updated: 1, unchanged: 2 });
  });

  it('are parsed again by another chain, and recognised after that', async () => {
    await run(dump(three));
    await mark('a');
    const readers = (path: string) => [
      { type: 'file', args: { path } },
      { type: format, args: { max_depth: 99 } },
    ];
    const path = test.file('dump.json', dump(three));
    const report = await run(dump(three), { readers: readers(path) });
    expect(report.tasks[0]?.targets[0]).toMatchObject({ updated: 1, unchanged: 2 });
    await mark('b');
    const again = await run(dump(three), { readers: readers(path) });
    expect(again.tasks[0]?.targets[0]).toMatchObject({ updated: 0, unchanged: 3 });
  });

  it('come back when they were withdrawn, and count once when they come twice', async () => {
    await run(dump(three));
    expect((await run(dump(three.slice(0, 2)))).tasks[0]?.targets[0]).toMatchObject({ withdrawn: 1, unchanged: 2 });
    const report = await run(dump([...three, three[0]]));
    expect(report.tasks[0]).toMatchObject({
      counts: { read: 4, staged: 3, duplicates: 1 },
      targets: [{ restored: 1, unchanged: 2 }],
    });
    expect((await readTable(test.pool, 'lines')).filter(({ withdrawn }) => withdrawn)).toEqual([]);
  });

  it('give way to a later record with the same id', async () => {
    await run(dump(three));
    const report = await run(dump([...three, { id: 'a', v: 2 }]));
    expect(report.tasks[0]).toMatchObject({ counts: { duplicates: 1 }, targets: [{ updated: 1, unchanged: 2 }] });
    const back = await run(dump([{ id: 'a', v: 2 }, ...three]));
    expect(back.tasks[0]).toMatchObject({ counts: { duplicates: 1 }, targets: [{ updated: 1, unchanged: 2 }] });
    expect((await readTable(test.pool, 'lines'))[0]?.record).toEqual({ id: 'a', v: 1 });
  });

  it('count for the fill rates of a guard', async () => {
    const guards = { min_fill_percent: { v: 60, w: 40 } };
    const records = [...three.slice(0, 2), { id: 'c', v: '', w: ['x'] }];
    expect((await run(dump(records), { guards: { min_fill_percent: { v: 60, w: 30 } } })).outcome).toBe('success');
    const report = await run(dump(records), { guards });
    expect(report.tasks[0]?.trips.map(({ message }) => message)).toEqual([
      'Expected at least 40 % of the records to have "w", found 1 of 3 (33.3 %).',
    ]);
  });

  it('are read again when the target lost them meanwhile', async () => {
    await run(dump(three));
    await test.pool.query(`DELETE FROM vocabularies.lines WHERE id = 'a'`);
    expect((await run(dump(three))).tasks[0]?.targets[0]).toMatchObject({ inserted: 1, unchanged: 2 });
  });
});

/** People in a packed tar as the public data file of ORCID has them, each a document of its own. */
describeWithPostgres('documents of an archive that were read before', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  const person = (id: string, family: string): { readonly name: string; readonly content: string } => ({
    name: `${id}.xml`,
    content: `<record><orcid-identifier><path>${id}</path></orcid-identifier><person><name><family-name>${family}</family-name></name></person></record>`,
  });
  const carberry = person('0000-0002-1825-0097', 'Carberry');
  const broken = { name: 'broken.xml', content: '<record><a></record>' };
  const einstein = person('0000-0001-5000-0007', 'Einstein');
  const noether = person('0000-0001-6000-0000', 'Noether');
  const locked = {
    name: 'locked.xml',
    content:
      '<error><error-code>9018</error-code><developer-message>ORCID https://orcid.org/0000-0001-7000-0004 is locked</developer-message></error>',
  };

  const run = async (documents: readonly { readonly name: string; readonly content: string }[]) => {
    const path = test.file('people.tar.gz', gzipSync(buildTar(documents)));
    const readers = [
      { type: 'file', args: { path } },
      { type: 'tar', args: { regex: '\\.xml$' } },
      { type: 'xml', args: { root_element: 'record' } },
    ];
    const transformers = [{ type: 'orcid' }];
    const overrides = { readers, transformers, vocabulary: 'names', accept_partial: true };
    const request = { force: true };
    return (await runJobOnce(test.steps, linesJob(path, overrides), { request, approve: false })).tasks[0];
  };

  it('are recognised; a changed one among them is updated, a broken one rejected, and all are counted', async () => {
    const counts = { read: 5, staged: 3, rejected: 1, filtered: 1 };
    const first = await run([carberry, broken, einstein, locked, noether]);
    expect(first).toMatchObject({ counts, targets: [{ inserted: 3 }] });
    // As above: who is believed was recognised, who is found to differ was parsed.
    await test.pool.query(`UPDATE vocabularies.lines SET hash = '\\x01'`);
    const again = await run([carberry, broken, einstein, locked, noether]);
    expect(again).toMatchObject({ counts, targets: [{ unchanged: 3, updated: 0 }] });
    const married = person('0000-0001-5000-0007', 'Marić');
    const changed = await run([carberry, broken, married, locked, noether]);
    expect(changed).toMatchObject({ counts, targets: [{ unchanged: 2, updated: 1 }] });
    const names = (await readTable(test.pool, 'lines')).map(({ record }) => (record as { name?: string }).name);
    expect(names.toSorted()).toEqual(['Carberry', 'Marić', 'Noether']);
  });
});
