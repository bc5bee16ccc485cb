/**
 * The impact of ROR v2.9 on a real InvenioRDM in which 300 records refer to 20 organisations, five of which are withdrawn
 * or inactive in it. The plan, the details in the Web UI and the release note are printed, for the documentation.
 *
 *     VOCAB_SYNC_TEST_INVENIO_URL=… VOCAB_SYNC_TEST_INVENIO_TOKEN=… npx vitest run test/cli/impact-real.server.test.ts
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { TaskImpact } from '../../src/postgres/ledger/impacts.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { openClient, type Client } from '../../writers/invenio-rdm/open-client.ts';
import { readZipJson } from '../support/read-zip-json.ts';
import { realInvenio } from '../support/real-invenio.ts';
import { sharedData } from '../support/shared-data.ts';
import { until } from '../support/until.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

type Ror = Readonly<Record<string, unknown>>;

const real = realInvenio();
const before = sharedData('ror', 'v2.8-2026-06-02-ror-data.zip');
const after = sharedData('ror', 'v2.9-2026-06-23-ror-data.zip');

/** No longer in use in v2.9, each with the organisation that continues it. */
const ENDED = {
  '00e348047': '05yk8hs36',
  '00j55cm59': '03gbxs308',
  '01vysa011': '03eykgw84',
  '02y2d0x07': '0544za304',
  '05pg0e416': '038ajzz56',
};
const OTHERS = 15;
/** How many records refer to each of the five; the other organisations have 15 each. */
const CITED = [30, 24, 12, 6, 3];
const idOf = (record: Ror): string => String(record['id']).slice(-9);

describe.skipIf(real === undefined || before === undefined || after === undefined)('a real InvenioRDM', () => {
  let bench: CliBench;
  let client: Client;
  beforeAll(async () => {
    bench = await openCliBench();
    await bench.worker();
    const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
    const access = { url: real?.url ?? '', token: real?.token ?? '', api, signal: new AbortController().signal };
    client = openClient({ ...access, turn: () => Promise.resolve() });
    writeFileSync(join(bench.cwd, 'token'), real?.token ?? '');
  });
  afterAll(() => bench.close());

  const read = (path: string | undefined): Promise<readonly Ror[]> => readZipJson(path ?? '', '-ror-data.json');
  const write = (id: string, dump: readonly Ror[]): void => {
    writeFileSync(join(bench.cwd, `${id}.json`), JSON.stringify(dump));
    const args = { url: real?.url, vocabulary: 'affiliations', token: { $secret: `file:${join(bench.cwd, 'token')}` } };
    bench.write(id, {
      title: 'ROR into InvenioRDM',
      readers: [{ type: 'file', args: { path: join(bench.cwd, `${id}.json`) } }, { type: 'json' }],
      transformers: [{ type: 'ror-affiliations' }],
      writers: [{ type: 'invenio-rdm', args }],
      guards: { max_impact: 10 },
    });
  };
  const count = async (id: string): Promise<number> => {
    const q = `metadata.creators.affiliations.id:"${id}" OR metadata.contributors.affiliations.id:"${id}"`;
    const { status, body } = await client.ask('GET', `records?${new URLSearchParams({ q, size: '1' }).toString()}`);
    const total = status === 200 && isJsonObject(body['hits']) ? body['hits']['total'] : undefined;
    if (typeof total !== 'number') throw new Error(`InvenioRDM answered ${String(status)} to a search of records`);
    return total;
  };
  const countAll = async (ids: readonly string[]): Promise<readonly number[]> => {
    const counts: number[] = [];
    for (const id of ids) counts.push(await count(id));
    return counts;
  };
  /** A published record with one affiliation, of a creator or a contributor. */
  const publish = async (title: string, affiliation: string, asContributor: boolean): Promise<void> => {
    const person = { type: 'personal', family_name: 'Lovelace', given_name: 'Ada' };
    const affiliated = { person_or_org: person, affiliations: [{ id: affiliation }] };
    const creators = asContributor ? [{ person_or_org: person }] : [affiliated];
    const contributors = asContributor ? [{ ...affiliated, role: { id: 'other' } }] : [];
    const metadata = {
      ...{ title, creators, contributors, publication_date: '2026-06-01', publisher: 'Test' },
      resource_type: { id: 'publication' },
    };
    const body = { metadata, access: { record: 'public', files: 'public' }, files: { enabled: false } };
    const draft = await client.ask('POST', 'records', { body });
    if (draft.status !== 201) throw new Error(`no draft: ${String(draft.status)} ${draft.reason}`);
    const published = await client.ask('POST', `records/${String(draft.body['id'])}/draft/actions/publish`);
    if (published.status !== 202) throw new Error(`not published: ${String(published.status)} ${published.reason}`);
  };

  it('names the five, who continues them and how many records refer to them', async () => {
    const [old, now] = [await read(before), await read(after)];
    const newest = new Map(now.map((record) => [idOf(record), JSON.stringify(record)]));
    const same = old.filter(
      (record) => record['status'] === 'active' && newest.get(idOf(record)) === JSON.stringify(record),
    );
    const others = same.map(idOf).toSorted().slice(0, OTHERS);
    const ids = new Set([...Object.keys(ENDED), ...Object.values(ENDED), ...others]);
    const id = bench.job('rdm-affiliations');
    write(
      id,
      old.filter((record) => ids.has(idOf(record))),
    );
    expect((await bench.cli(['run', id])).code).toBe(0);

    const cited = [...Object.keys(ENDED), ...others];
    const earlier = await countAll(cited);
    const wanted = cited.map((_, index) => CITED[index] ?? 15);
    expect([cited.length, wanted.reduce((sum, one) => sum + one, 0)]).toEqual([20, 300]);
    // Those of an earlier attempt count: it takes minutes on a small machine.
    const missing = cited.flatMap((one, index) =>
      Array.from({ length: Math.max(0, (wanted[index] ?? 0) - (earlier[index] ?? 0)) }, () => one),
    );
    const work = async (): Promise<void> => {
      for (let one = missing.pop(); one !== undefined; one = missing.pop()) {
        await publish(`Survey ${String(missing.length + 1)}`, one, missing.length % 7 === 0);
      }
    };
    await Promise.all(Array.from({ length: 4 }, work));
    const expected = wanted.map((one, index) => Math.max(one, earlier[index] ?? 0));
    await until('search knows all records', async () => {
      const counts = await countAll(cited);
      return counts.every((found, index) => found === expected[index]) ? true : undefined;
    });

    write(
      id,
      now.filter((record) => ids.has(idOf(record))),
    );
    const plan = await bench.cli(['plan', id]);
    const measured = await bench.json<{ impacts: TaskImpact[] }>('impact', `${id}@latest`);
    const [impact] = measured.impacts;
    expect(impact?.cited.map(({ id: one, records }) => [one, records])).toEqual(
      Object.keys(ENDED).map((one, index) => [one, expected[index]]),
    );
    const note = await bench.cli(['changes', `${id}@latest`, '--format', 'markdown']);
    const [run] = await bench.runs(id);
    const { workflow_id: workflowId } = await bench.show(run?.run ?? '');
    const metadata = await bench.temporal.client.workflow
      .getHandle(workflowId)
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    for (const shown of [plan.stdout, metadata.currentDetails, note.stdout]) {
      const text = shown.replaceAll(/\\(.)/g, '$1');
      for (const [index, [ended, successor]] of Object.entries(ENDED).entries()) {
        expect(text).toContain(ended);
        expect(text).toContain(`(${successor})`);
        expect(text).toContain(String(expected[index]));
      }
      process.stderr.write(`\n----\n${shown}\n`);
    }
    await bench.cli(['discard', `${id}@latest`]);
  }, 1_200_000);
});
