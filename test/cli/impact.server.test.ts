/** A plan that withdraws what records of a repository refer to: counted before approval, and by `impact`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TaskImpact } from '../../src/postgres/ledger/impacts.ts';
import { startInvenioServer, type InvenioServer } from '../support/invenio-server.ts';
import {
  ADELAIDE_UNIVERSITY,
  CONTINUED,
  UNIVERSITY_OF_ADELAIDE,
  toDump,
  type Organisation,
} from '../support/ror-organisations.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

describeWithServers('the impact of a run', () => {
  let bench: CliBench;
  let server: InvenioServer;
  beforeAll(async () => {
    bench = await openCliBench();
    await bench.worker();
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    // Another target for each test: the records of one belong to the job that published them.
    server = await startInvenioServer();
    writeFileSync(join(bench.cwd, 'token'), server.token);
    return () => server.close();
  });

  const OTHER: Organisation = { id: '0aaaaaa11', name: 'Other' };
  const targetOf = (): string => `invenio-rdm:${new URL(server.url).host}/api/affiliations`;
  const write = (id: string, dump: readonly Organisation[], more: object = {}): void => {
    writeFileSync(join(bench.cwd, `${id}.json`), toDump(dump));
    bench.write(id, {
      readers: [{ type: 'file', args: { path: join(bench.cwd, `${id}.json`) } }, { type: 'json' }],
      transformers: [{ type: 'ror-affiliations' }],
      writers: [
        {
          type: 'invenio-rdm',
          args: {
            ...{ url: server.url, vocabulary: 'affiliations', on_missing: 'withdraw', requests_per_second: 1000 },
            token: { $secret: `file:${join(bench.cwd, 'token')}` },
          },
        },
      ],
      ...more,
    });
  };
  /** Two records refer to the University of Adelaide, one to another organisation that is withdrawn. */
  const begin = async (name: string): Promise<string> => {
    const id = bench.job(name);
    write(id, [UNIVERSITY_OF_ADELAIDE, OTHER, { id: '0bbbbbb22', name: 'Unused' }]);
    expect((await bench.cli(['run', id])).code).toBe(0);
    const cite = (title: string, ...ids: readonly string[]): void => {
      server.records.push({ title, cites: { 'metadata.creators.affiliations.id': ids } });
    };
    cite('Wine of the Barossa', '00892tw58');
    cite('Opals', '00892tw58', OTHER.id);
    return id;
  };
  const LATER = [CONTINUED, ADELAIDE_UNIVERSITY];

  it('waits for approval where more records are concerned than the guard allows, and names them everywhere', async () => {
    const id = await begin('guarded');
    write(id, LATER, { guards: { max_impact: 1 } });
    const { code, stdout } = await bench.cli(['run', id]);
    expect(code).toBe(4);
    expect(stdout).toContain('max_impact');
    expect(stdout).toContain('2 records refer to 2 of the 3 records');
    expect(stdout).toContain('continued by Adelaide University (028g18b61)');
    expect(stdout).toContain('https://rdm.example.org/records/Opals');
    const [run] = await bench.runs(id);
    const reference = run?.run ?? '';
    const details = await bench.cli(['changes', reference, '--format', 'markdown']);
    expect(details.stdout).toContain('**The University of Adelaide** (00892tw58): 2 records');
    expect(details.stdout).toContain('](<https://rdm.example.org/records/Opals>)');
    expect((await bench.show(reference)).tasks[0]?.trips).toMatchObject([{ guard: 'max_impact' }]);
    expect((await bench.cli(['approve', reference])).code).toBe(0);
    expect((await bench.cli(['show', reference])).stdout).toContain('2 records refer');
  });

  it('is measured by a worker when it is asked for, also after the run, and says what was left out', async () => {
    const id = await begin('asked');
    write(id, LATER);
    expect((await bench.cli(['plan', id])).code).toBe(4);
    const measured = await bench.json<{ impacts: TaskImpact[] }>('impact', `${id}@latest`, '--target', targetOf());
    expect(measured.impacts).toMatchObject([
      {
        affected: 3,
        asked: 3,
        records: 2,
        cited: [
          { id: '00892tw58', records: 2 },
          { id: OTHER.id, records: 1 },
        ],
      },
    ]);
    const [run] = await bench.runs(id);
    const { workflow_id: workflowId } = await bench.show(run?.run ?? '');
    const handle = bench.temporal.client.workflow.getHandle(workflowId);
    const progress = await handle.query<{ tasks: { impacts?: { text: string }[] }[] }>('progress');
    expect(progress.tasks[0]?.impacts?.[0]?.text).toContain('2 records refer');
    expect((await bench.cli(['approve', `${id}@latest`])).code).toBe(0);
    const { stdout } = await bench.cli(['impact', `${id}@latest`, '--most', '1']);
    expect(stdout).toContain('2 more records were not looked up');
  });

  it('is refused for a target that cannot say', async () => {
    const id = bench.job('table');
    bench.lines('{"id":"a","name":"A"}\n');
    bench.write(id);
    expect((await bench.cli(['run', id])).code).toBe(0);
    const { code, stderr } = await bench.cli(['impact', `${id}@latest`]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('E_REFERENCES_UNKNOWN');
  });
});
