/**
 * A vocabulary that is harvested by OAI-PMH, through Temporal into PostgreSQL: new, changed, deleted and restored
 * records.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createBundles } from '../../src/bundle/create-bundles.ts';
import { createHttpService } from '../../src/http/create-http-service.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import type { RunReport } from '../../src/records/run.ts';
import { openTestEngine, readTable, type TestEngine } from '../support/engine.ts';
import { startOaiServer, type OaiRecord, type OaiServer } from '../support/oai-server.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { openWorkflowBench, type WorkflowBench } from '../support/workflow-bench.ts';

const authority = (id: string, name: string, datestamp: string): OaiRecord => ({
  identifier: `oai:example.org:${id}`,
  datestamp,
  metadata: `<term xmlns="http://example.org/"><label>${name}</label></term>`,
});

const OLD = '2026-01-02T03:04:05Z';
const first = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => authority(id, `Term ${id}`, OLD));

describeWithServers('an OAI-PMH job', () => {
  let test: TestEngine;
  let bench: WorkflowBench;
  let queue: string;
  let server: OaiServer;

  beforeAll(async () => {
    [test, bench] = await Promise.all([openTestEngine(), openWorkflowBench()]);
    const { logger } = test.engine;
    const http = createHttpService({
      spoolDirectory: test.directory,
      allowedHosts: [],
      userAgent: 'vocab-sync/0.0.0',
      logger,
      timing: { retries: 0, pause: 5 },
    });
    const services = { ...test.engine.services, http, bundles: createBundles(test.directory) };
    ({ queue } = await bench.work(createRunSteps({ ...test.engine, services })));
  });
  beforeEach(async () => {
    server = await startOaiServer({ records: first });
    return () => server.close();
  });
  afterAll(async () => {
    await bench.close();
    await test.close();
  });

  const run = async (id: string): Promise<RunReport> => {
    const config = {
      id,
      title: 'Terms of a repository',
      readers: [{ type: 'oai-pmh', args: { base_url: server.url, metadata_prefix: 'marc21' } }],
      transformers: [
        { type: 'xml', args: { root_element: 'record' } },
        { type: 'drop-where', args: { expression: "metadata.term.label == 'Draft'", code: 'draft' } },
        {
          type: 'map',
          args: { fields: { '/id': { from: '/header/identifier' }, '/name': { from: '/metadata/term/label' } } },
        },
      ],
      writers: [{ type: 'postgres', args: { table: id.replaceAll('-', '_') } }],
    };
    const { handle } = await bench.start(queue, { job: id, config: JSON.stringify(config) });
    return handle.result();
  };
  const targetOf = (report: RunReport) => ({
    ...report.tasks[0]?.counts,
    ...report.tasks[0]?.targets[0],
    outcome: report.outcome,
  });
  /** `a b -c`: the ids, a minus before those that are withdrawn. */
  const table = async (id: string): Promise<string> => {
    const rows = await readTable(test.pool, id.replaceAll('-', '_'));
    return rows.map((row) => `${row.withdrawn ? '-' : ''}${row.id.replace('oai:example.org:', '')}`).join(' ');
  };
  const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

  it('withdraws what the repository says is deleted, and nothing that it does not mention', async () => {
    expect(targetOf(await run('oai-terms'))).toMatchObject({ outcome: 'success', read: 7, staged: 7, inserted: 7 });
    expect(await table('oai-terms')).toBe('a b c d e f g');

    const same = await run('oai-terms');
    expect(same).toMatchObject({ outcome: 'unchanged' });
    expect(server.requests.at(-1)).toMatchObject({ verb: 'ListIdentifiers', from: expect.any(String) as string });

    server.put(authority('a', 'Another name', now()));
    server.put(authority('h', 'Term h', now()));
    server.put(authority('i', 'Draft', now()));
    server.put({ ...authority('b', '', now()), isDeleted: true });
    server.put({ ...authority('never', '', now()), isDeleted: true });
    const changed = await run('oai-terms');
    expect(targetOf(changed)).toMatchObject({
      outcome: 'success',
      read: 5,
      filtered: 3,
      staged: 2,
      inserted: 1,
      updated: 1,
      withdrawn: 1,
    });
    expect(await table('oai-terms')).toBe('a -b c d e f g h');
    const [a] = await readTable(test.pool, 'oai_terms');
    expect(a?.record['name']).toBe('Another name');

    server.put(authority('b', 'Term b', now()));
    expect(targetOf(await run('oai-terms'))).toMatchObject({ outcome: 'success', restored: 1, withdrawn: 0 });
    expect(await table('oai-terms')).toBe('a b c d e f g h');
  });

  it('goes on behind its last page when the repository was away in the middle', async () => {
    server.addFault({ kind: 'status', status: 500 }, { withToken: true, times: 2 });
    server.addFault({ kind: 'status', status: 503, headers: { 'retry-after': '1' } }, { withToken: true, times: 1 });
    expect(targetOf(await run('oai-away'))).toMatchObject({ outcome: 'success', read: 7, inserted: 7 });
    const lists = server.requests.filter(({ verb }) => verb === 'ListRecords');
    expect(lists.filter(({ resumptionToken }) => resumptionToken === undefined)).toHaveLength(1);
  });

  it('of a repository without records fails, as nothing was read', async () => {
    const empty = await startOaiServer({ records: [] });
    await server.close();
    server = empty;
    await expect(run('oai-empty')).rejects.toThrow();
    const { rows } = await test.pool.query<{ code: string }>(
      `SELECT error ->> 'code' AS code FROM vocab_sync.run WHERE job_id = 'oai-empty'`,
    );
    expect(rows).toEqual([{ code: 'E_SOURCE_EMPTY' }]);
  });
});
