/** The writer on a real InvenioRDM: what the server of the other tests claims about it is true. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { VocabSyncError } from '../../../src/errors.ts';
import type { Change, ChangeResult } from '../../../src/records/change.ts';
import type { Document } from '../../../src/records/document.ts';
import { invenioRdm } from '../../../writers/invenio-rdm.ts';
import { noS3 } from '../../support/no-services.ts';
import { realInvenio, type RealInvenio } from '../../support/real-invenio.ts';
import { api, change, openInvenioBench, type InvenioBench } from './open-invenio-bench.ts';

const real = realInvenio();
const server: RealInvenio = real ?? { url: 'http://127.0.0.1:9/api', token: 'none' };
const mark = `vs-${randomBytes(4).toString('hex')}`;
const benches: InvenioBench[] = [];
afterAll(async () => {
  for (const { sink } of benches) await sink.close();
});

const open = async (args: object): Promise<InvenioBench> => {
  const bench = await openInvenioBench(server, args);
  benches.push(bench);
  return bench;
};
const remoteOf = (result: ChangeResult | undefined): Partial<Change> =>
  result?.result === 'done' && result.remote !== undefined ? { remote: result.remote } : {};
const revisionOf = (result: ChangeResult | undefined): unknown => remoteOf(result).remote?.['revision'];

/** Texts that InvenioRDM cleans up, in the form in which a source may have them. */
const odd = ' King’s “College” （London）\u200b &amp; ﬁne ';
const records: Readonly<Record<string, (id: string, name: string) => Document>> = {
  affiliations: (id, name) => ({
    ...{ id, name, aliases: [odd, 'A', "A's", 'A’s'], title: { en: odd }, status: 'active', types: ['education'] },
    identifiers: [
      { scheme: 'ror', identifier: 'https://ror.org/02t3p7e85' },
      { scheme: 'isni', identifier: '0000 0001 2146 438X' },
      { scheme: 'gnd', identifier: '4000001-1' },
    ],
  }),
  funders: (id, name) => ({ id, name, title: { en: name }, country: 'CH', identifiers: [] }),
  names: (id, name) => ({
    ...{ id, family_name: name, given_name: odd },
    affiliations: [{ name: odd }, { name: 'B' }, { name: odd }],
    identifiers: [{ scheme: 'orcid', identifier: 'https://orcid.org/0000-0002-1825-0097' }],
  }),
  awards: (id, name) => ({ id, number: '1', title: { en: name }, description: { en: odd }, start_date: '2020-01-01' }),
  subjects: (id, name) => ({ id, scheme: 'MeSH', subject: name, title: { en: odd }, props: { note: odd } }),
};

describe.skipIf(real === undefined).each(Object.entries(records))('a real InvenioRDM, %s', (vocabulary, recordOf) => {
  const id = `${mark}-${vocabulary}`;

  it('takes, compares, updates, withdraws and restores a record', async () => {
    const { send, sink } = await open({ vocabulary });
    const one = recordOf(id, 'One');
    const [made] = await send(change('insert', one));
    expect(made?.result).toBe('done');
    // Equal after its clean-up: a second insert finds it, and an update is not sent.
    const [again] = await send(change('insert', one));
    expect(again).toEqual(made);
    expect(await send(change('update', one, { ...remoteOf(made), before: one }))).toEqual([{ id, result: 'done' }]);
    const two = recordOf(id, 'Two');
    const [updated] = await send(change('update', two, { ...remoteOf(made), before: one }));
    expect(updated?.result).toBe('done');
    const held = (await sink.look?.([id]))?.get(id);
    expect([held?.state, held?.remote?.['revision']]).toEqual(['live', revisionOf(updated)]);
    expect(await send(change('update', two, { found: { held } }))).toMatchObject([
      { result: 'done', remote: held?.remote },
    ]);
    const [tagged] = await send(change('withdraw', two, remoteOf(updated)));
    expect((await sink.look?.([id]))?.get(id)?.document?.['tags']).toEqual(['unlisted']);
    const [restored] = await send(change('restore', two, { ...remoteOf(tagged), before: two }));
    expect(restored?.result).toBe('done');
    expect((await sink.look?.([id]))?.get(id)?.document?.['tags']).toBeUndefined();
  });

  it('notices an edit by its revision', async () => {
    const { send, sink } = await open({ vocabulary });
    const other = `${id}-edited`;
    const one = recordOf(other, 'One');
    const [made] = await send(change('insert', one));
    await send(change('update', recordOf(other, 'Edited'), { ...remoteOf(made), before: one }));
    const two = change('update', recordOf(other, 'Two'), { ...remoteOf(made), before: one });
    const [kept] = await send(two);
    expect(kept).toMatchObject({ result: 'conflict' });
    const [forced] = await send({ ...two, overwrites: true });
    expect(forced?.result).toBe('done');
    expect((await sink.look?.([other]))?.get(other)?.remote).toEqual(remoteOf(forced).remote);
  });

  it('deletes a record for ever', async () => {
    const { send, sink } = await open({ vocabulary, withdrawal: { type: 'delete' } });
    const [gone, never] = [`${id}-gone`, `${id}-never`];
    const one = recordOf(gone, 'One');
    const [made] = await send(change('insert', one));
    const removal = change('withdraw', one, remoteOf(made));
    expect(await send(removal)).toEqual([{ id: gone, result: 'done', remote: { deleted: true } }]);
    expect(await send(removal)).toMatchObject([{ result: 'done', remote: { deleted: true } }]);
    expect((await sink.look?.([gone, never]))?.get(gone)?.state).toBe('gone');
    for (const kind of ['insert', 'restore', 'update'] as const) {
      expect(await send(change(kind, recordOf(gone, 'Two'), kind === 'insert' ? {} : remoteOf(made)))).toMatchObject([
        { result: 'rejected', code: 'E_TARGET_DELETED' },
      ]);
    }
    expect(await send(change('withdraw', recordOf(never, 'x'), { remote: { revision: 2 } }))).toMatchObject([
      { result: 'done' },
    ]);
  });

  it('lists what it holds in order of id', async () => {
    const { send, sink } = await open({ vocabulary });
    const ids = ['"a" (b)', 'a: b', 'z/ü', 'z é'].map((end) => `${id}-list ${end}`);
    const results = await send(...ids.map((one) => change('insert', recordOf(one, 'x'))));
    expect(results.map(({ result }) => result)).toEqual(ids.map(() => 'done'));
    expect([...((await sink.look?.(ids)) ?? new Map()).keys()].toSorted()).toEqual(ids.toSorted());
    await expect
      .poll(
        async () => {
          const listed: string[] = [];
          for await (const some of sink.list?.(`${id}-list`) ?? []) listed.push(...some.map((one) => one.id));
          return listed.filter((one) => one.startsWith(`${id}-list`));
        },
        { timeout: 15_000, interval: 500 },
      )
      .toEqual(ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  }, 30_000);
});

describe.skipIf(real === undefined)('a real InvenioRDM', () => {
  it('says what is wrong with a record', async () => {
    const { send } = await open({ vocabulary: 'affiliations' });
    const bad = { id: `${mark}-bad`, name: 'x', identifiers: [{ scheme: 'isni', identifier: '1' }] };
    const [result] = await send(change('insert', bad));
    expect(result).toMatchObject({
      code: 'E_TARGET_REFUSED',
      message: expect.stringContaining('identifiers.0.identifier: Invalid ISNI identifier.'),
    });
  });

  it('finds unknown references before it sends, and new ones before search shows them', async () => {
    const [{ send }, affiliations] = [
      await open({ vocabulary: 'names', on_missing_reference: 'drop' }),
      await open({ vocabulary: 'affiliations' }),
    ];
    const there = `${mark}-there`;
    await affiliations.send(change('insert', { id: there, name: 'There' }));
    const person = { id: `${mark}-p`, family_name: 'P', given_name: 'Q' };
    const [made] = await send(
      change('insert', { ...person, affiliations: [{ id: there }, { id: `${mark}-no`, name: 'No' }] }),
    );
    expect(made).toMatchObject({ result: 'done', remote: { left_out: [`affiliations ${mark}-no`] } });
    const awards = await open({ vocabulary: 'awards' });
    const award = { id: `${mark}-w`, number: '1', funder: { id: `${mark}-no` }, subjects: [{ id: `${mark}-no` }] };
    expect(await awards.send(change('insert', award))).toMatchObject([{ code: 'E_TARGET_REFERENCE' }]);
  });

  it('refuses a wrong token before anything is sent', async () => {
    const args = invenioRdm.args.parse({ url: server.url, token: 'wrong', vocabulary: 'affiliations' });
    const { signal } = new AbortController();
    const error = await (
      invenioRdm.preflight?.(args, { job: 'job-a', api, buckets: noS3.target, signal }) ?? Promise.resolve()
    ).then(
      () => undefined,
      (thrown: unknown) => thrown as VocabSyncError,
    );
    expect(error?.code).toBe('E_TARGET_FORBIDDEN');
  });
});
