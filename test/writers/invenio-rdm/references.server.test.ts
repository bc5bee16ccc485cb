/** A record that waits for what it refers to is sent by the first run after that is there. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../../support/engine.ts';
import { startInvenioServer, type InvenioServer } from '../../support/invenio-server.ts';
import { describeWithPostgres } from '../../support/postgres.ts';
import { api } from './open-invenio-bench.ts';

describeWithPostgres('a record with a reference that InvenioRDM does not hold', () => {
  let bench: TestEngine;
  let server: InvenioServer;
  beforeAll(async () => {
    server = await startInvenioServer('env:TOKEN');
    bench = await openTestEngine(undefined, { api });
  });
  afterAll(async () => {
    await bench.close();
    await server.close();
  });

  const people = [
    { id: 'p1', family_name: 'A', given_name: 'B', affiliations: [{ id: 'there' }] },
    { id: 'p2', family_name: 'C', given_name: 'D', affiliations: [{ id: 'there' }, { id: 'later' }] },
    { id: 'p3', family_name: 'E', given_name: 'F', affiliations: [{ id: 'never' }] },
  ];
  const run = async () => {
    const path = bench.file('people.jsonl', people.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const args = { url: server.url, token: { $secret: server.token }, vocabulary: 'names', requests_per_second: 1000 };
    server.requests.length = 0;
    const report = await runJobOnce(bench.steps, linesJob(path, { writers: [{ type: 'invenio-rdm', args }] }));
    return { outcome: report.outcome, counts: report.tasks[0]?.targets[0], written: server.written() };
  };

  it('is rejected, waits without a request that writes, and is sent without --force once the reference is there', async () => {
    server.edit('affiliations', { id: 'there', name: 'There' });
    expect(await run()).toMatchObject({
      outcome: 'partial',
      counts: { inserted: 1, rejected: 2 },
      written: ['POST p1'],
    });
    expect(await run()).toMatchObject({ outcome: 'unchanged', written: [] });
    server.edit('affiliations', { id: 'later', name: 'Later' });
    expect(await run()).toMatchObject({
      outcome: 'partial',
      counts: { inserted: 1, unchanged: 1, rejected: 1 },
      written: ['POST p2'],
    });
    expect(await run()).toMatchObject({ outcome: 'unchanged', written: [] });
  });
});
