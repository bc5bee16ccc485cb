/** What a target says of the records that refer to what a plan changes, and what the guard makes of it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { listImpacts } from '../../src/postgres/ledger/impacts.ts';
import type { MeasuredImpact } from '../../src/pipeline/run-steps.ts';
import { openTestEngine, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { startInvenioServer, type InvenioServer } from '../support/invenio-server.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { CONTINUED, UNIVERSITY_OF_ADELAIDE, toDump, type Organisation } from '../support/ror-organisations.ts';
import { api } from '../writers/invenio-rdm/open-invenio-bench.ts';

describeWithPostgres('the impact of a plan', () => {
  let bench: TestEngine;
  let server: InvenioServer;
  beforeAll(async () => {
    bench = await openTestEngine(undefined, { api });
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    // The engine of the tests takes the name of a secret for the secret.
    server = await startInvenioServer('env:TOKEN');
    return () => server.close();
  });

  const OTHER: Organisation = { id: '0aaaaaa11', name: 'Other' };
  const job = (dump: readonly Organisation[], more: object): Record<string, unknown> => ({
    id: 'impact',
    title: 'Impact',
    readers: [{ type: 'file', args: { path: bench.file('dump.json', toDump(dump)) } }, { type: 'json' }],
    transformers: [{ type: 'ror-affiliations' }],
    writers: [
      {
        type: 'invenio-rdm',
        args: {
          ...{ url: server.url, token: { $secret: server.token }, vocabulary: 'affiliations' },
          ...{ on_missing: 'withdraw', requests_per_second: 1000 },
        },
      },
    ],
    ...more,
  });
  /** Publishes, then measures the next dump, in which one is inactive, one renamed, one withdrawn and one is new. */
  const measure = async (
    more: object,
  ): Promise<MeasuredImpact & { readonly run: string; readonly isAsked: boolean }> => {
    const first = await runJobOnce(
      bench.steps,
      job([UNIVERSITY_OF_ADELAIDE, OTHER, { id: '0bbbbbb22', name: 'B' }], {}),
    );
    expect(first.outcome).toBe('success');
    const run = randomUUID();
    const config = JSON.stringify(
      job([CONTINUED, { ...OTHER, name: 'Another' }, { id: '0cccccc33', name: 'C' }], more),
    );
    const request = { job: 'impact', trigger: 'manual' as const, config };
    const resolved = await bench.steps.resolveRun({ run, workflowId: `w/${run}`, request }, stepContext());
    const isAsked = resolved.kind === 'ready' && resolved.tasks[0]?.impact === true;
    await bench.steps.fetchSource({ run, task: 'main' }, stepContext());
    await bench.steps.stagePartition({ run, task: 'main', partition: 0 }, stepContext());
    await bench.steps.compareTargets({ run, task: 'main' }, stepContext());
    const measured = await bench.steps.measureImpact({ run, task: 'main' }, stepContext());
    await bench.steps.finishRun({ run, outcome: 'discarded' }, stepContext());
    return { ...measured, run, isAsked };
  };
  const cite = (...ids: readonly string[]): void => {
    server.records.push({ title: ids.join(), cites: { 'metadata.creators.affiliations.id': ids } });
  };

  it('is that of what is withdrawn, no longer in use or renamed', async () => {
    cite('00892tw58', OTHER.id);
    cite(OTHER.id);
    cite('0bbbbbb22');
    const { run, trips, isAsked } = await measure({ guards: { max_impact: 3 } });
    expect([isAsked, trips]).toEqual([true, []]);
    const [impact] = await listImpacts(bench.pool, run);
    expect(impact).toMatchObject({
      ...{ affected: 3, asked: 3, records: 3, is_exact: true },
      cited: [
        { id: OTHER.id, kind: 'renamed', name: 'Other', new_name: 'Another', records: 2 },
        { id: '00892tw58', kind: 'ended', notes: { successors: [{ id: '028g18b61' }] }, records: 1 },
        { id: '0bbbbbb22', kind: 'withdrawn', records: 1 },
      ],
    });
  });

  it('trips the guard above its limit', async () => {
    cite(OTHER.id);
    const { trips } = await measure({ guards: { max_impact: 0 } });
    expect(trips).toMatchObject([{ guard: 'max_impact', message: expect.stringContaining('found 1') as unknown }]);
  });

  it('trips the guard where not all could be asked about, what is withdrawn or no longer in use first', async () => {
    cite(OTHER.id);
    const { trips, run } = await measure({ guards: { max_impact: 5 }, impact: { most_records: 2 } });
    expect(trips).toHaveLength(1);
    expect(await listImpacts(bench.pool, run)).toMatchObject([{ affected: 3, asked: 2, records: 0, cited: [] }]);
  });

  it('trips the guard where it could not be measured, with the reason', async () => {
    server.fault = ({ path }) =>
      path.startsWith('/api/records') ? { status: 403, body: '{"message":"Permission denied."}' } : undefined;
    const { trips, impacts } = await measure({ guards: { max_impact: 5 } });
    expect(trips).toMatchObject([{ message: expect.stringContaining('E_TARGET_FORBIDDEN') as unknown }]);
    expect(impacts[0]?.text).toContain('Not measured');
  });

  it.each([
    [{ impact: {} }, true],
    [{}, false],
  ])('is asked for by the job %j: %s', async (more, isAsked) => {
    expect(await measure(more)).toMatchObject({ isAsked, trips: [] });
  });
});
