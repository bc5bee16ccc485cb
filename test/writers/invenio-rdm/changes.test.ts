/** What the writer asks of an InvenioRDM for each change, and what it makes of its answers. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startInvenioServer, type InvenioServer } from '../../support/invenio-server.ts';
import { change, openInvenioBench } from './open-invenio-bench.ts';

let server: InvenioServer;
beforeAll(async () => {
  server = await startInvenioServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.forget();
});

const ada = { id: 'a', name: 'Ada' };
const published = (revision = 2) => ({ remote: { revision }, before: ada });

describe('a search that holds an old entry of a record, too', () => {
  it('is read as the record that InvenioRDM has', async () => {
    for (const id of ['a', 'b', 'c']) server.edit('affiliations', { id, name: `Name of ${id}` });
    for (const id of ['a', 'b']) server.indexedTwice.add(id);
    const { sink } = await openInvenioBench(server);
    const pages = [];
    for await (const page of sink.list?.(undefined) ?? []) pages.push(...page);
    expect(pages.map(({ document }) => document?.['name'])).toEqual(['Name of a', 'Name of b', 'Name of c']);
    const found = await sink.look?.(['a', 'b', 'c']);
    expect([...(found?.values() ?? [])].map(({ document }) => document?.['name'])).toEqual(
      pages.map(({ document }) => document?.['name']),
    );
  });
});

describe('a request', () => {
  it('has the exact type, a bare revision and no null', async () => {
    const { send } = await openInvenioBench(server);
    await send(change('insert', { ...ada, acronym: null, identifiers: [{ scheme: 'ror', identifier: '1', x: null }] }));
    await send(change('update', { id: 'a', name: 'Ada L.' }, published()));
    const [post, put] = server.requests.filter(
      ({ method, body }) => method !== 'GET' && JSON.stringify(body).includes('Ada'),
    );
    expect(post?.body).toEqual({ ...ada, identifiers: [{ scheme: 'ror', identifier: '1' }] });
    expect([post, put].map((one) => one?.headers['content-type'])).toEqual(['application/json', 'application/json']);
    expect(put?.headers['if-match']).toBe('2');
    expect(put?.headers.authorization).toBe(`Bearer ${server.token}`);
  });

  it('is not sent for a record that InvenioRDM would store alike', async () => {
    const before = {
      ...ada,
      name: 'King’s College',
      identifiers: [{ scheme: 'ror', identifier: 'https://ror.org/x' }],
    };
    const now = { id: 'a', identifiers: [{ identifier: 'x', scheme: 'ror' }], name: " King's College", aliases: [] };
    const { send } = await openInvenioBench(server);
    expect(await send(change('update', now, { before, remote: { revision: 2 } }))).toEqual([
      { id: 'a', result: 'done' },
    ]);
    expect(server.written()).toEqual([]);
  });

  it('holds each alias once, as InvenioRDM would store it', async () => {
    const { send } = await openInvenioBench(server);
    const aliases = ["King's", 'King’s', 'Kings'];
    expect(await send(change('insert', { ...ada, aliases }))).toMatchObject([{ result: 'done' }]);
    expect(server.get('affiliations', 'a')?.document?.['aliases']).toEqual(["King's", 'Kings']);
  });

  it('is not sent for an id that InvenioRDM cannot store', async () => {
    const { send } = await openInvenioBench(server);
    const [result] = await send(change('insert', { id: 'x'.repeat(256), name: 'n' }));
    expect(result).toMatchObject({ result: 'rejected', code: 'E_TARGET_REFUSED' });
    expect(server.written()).toEqual([]);
  });

  it('names the type of a generic vocabulary', async () => {
    const { send, sink } = await openInvenioBench(server, { vocabulary: 'languages' });
    await send(change('insert', { id: 'eng', title: { en: 'English' } }));
    expect(server.get('languages', 'eng')?.document).toMatchObject({ type: 'languages' });
    const held = (await sink.look?.(['eng']))?.get('eng');
    expect(await send(change('update', { id: 'eng', title: { en: 'English' } }, { found: { held } }))).toMatchObject([
      { result: 'done' },
    ]);
    expect(server.written()).toEqual(['POST eng']);
  });
});

describe('a record that is there already', () => {
  it('is done without a request that writes where it is the same', async () => {
    server.edit('affiliations', { ...ada, name: "Ada's" });
    const { send } = await openInvenioBench(server);
    const [result] = await send(change('insert', { ...ada, name: 'Ada’s' }));
    expect(result).toEqual({ id: 'a', result: 'done', remote: { revision: 2 } });
    expect(server.written()).toEqual(['POST a']);
  });

  it('is kept where it differs, and the message says in what', async () => {
    server.edit('affiliations', { ...ada, name: 'Other', acronym: 'O' });
    const { send } = await openInvenioBench(server);
    const [result] = await send(change('insert', ada));
    expect(result).toMatchObject({ result: 'conflict' });
    expect((result as { message: string }).message).toContain('differs in acronym, name');
  });

  it('is written again where its revision grew and its content did not', async () => {
    server.edit('affiliations', ada);
    server.edit('affiliations', ada);
    const { send } = await openInvenioBench(server);
    const [result] = await send(change('update', { ...ada, name: 'New' }, published()));
    expect(result).toEqual({ id: 'a', result: 'done', remote: { revision: 4 } });
  });

  it('is written where a single write of a run that ended explains what it holds', async () => {
    server.edit('affiliations', { ...ada, name: 'Sent by a run that ended' });
    const { send, sink } = await openInvenioBench(server);
    const found = { held: (await sink.look?.(['a']))?.get('a') };
    expect(await send(change('update', ada, { found }))).toMatchObject([{ result: 'done', remote: { revision: 3 } }]);
    server.edit('affiliations', { ...ada, name: 'Edited' });
    const later = { held: (await sink.look?.(['a']))?.get('a') };
    expect(await send(change('update', ada, { found: later }))).toMatchObject([{ result: 'conflict' }]);
  });

  it('is read where a search showed an older version than the published one', async () => {
    for (const name of ['Ada', 'New']) server.edit('affiliations', { ...ada, name });
    const { send } = await openInvenioBench(server);
    const found = { held: { id: 'a', state: 'live' as const, document: ada, remote: { revision: 2 } } };
    const newer = { remote: { revision: 3 }, before: { ...ada, name: 'New' } };
    expect(await send(change('update', ada, { found, ...newer }))).toMatchObject([{ result: 'done' }]);
    expect(server.get('affiliations', 'a')?.document).toMatchObject({ name: 'Ada' });
  });

  it('is withdrawn although no search shows it yet', async () => {
    server.edit('affiliations', ada);
    const { send } = await openInvenioBench(server, { withdrawal: { type: 'delete' } });
    const found = { held: undefined };
    expect(await send(change('withdraw', ada, { found, ...published() }))).toMatchObject([{ result: 'done' }]);
    expect(server.get('affiliations', 'a')?.document).toBeUndefined();
  });

  it('is made again where InvenioRDM does not know it any more', async () => {
    const { send } = await openInvenioBench(server);
    expect(await send(change('update', { ...ada, name: 'New' }, published()))).toMatchObject([{ result: 'done' }]);
    expect(server.get('affiliations', 'a')?.document).toMatchObject({ name: 'New' });
  });
});

describe.each(['affiliations', 'subjects', 'names', 'languages'])('a deleted record of %s', (vocabulary) => {
  const args = { vocabulary, withdrawal: { type: 'delete' } };
  const record = { id: 'a', name: 'Ada', family_name: 'Ada', scheme: 's', subject: 'Ada' };

  it('is withdrawn once, and never comes back', async () => {
    const { send, sink } = await openInvenioBench(server, args);
    const [made] = await send(change('insert', record));
    const remote = made?.result === 'done' ? made.remote : undefined;
    expect(await send(change('withdraw', record, remote === undefined ? {} : { remote }))).toEqual([
      { id: 'a', result: 'done', remote: { deleted: true } },
    ]);
    expect((await sink.look?.(['a']))?.get('a')?.state).toBe('gone');
    const written = server.written().length;
    const held = (await sink.look?.(['a']))?.get('a');
    expect(await send(change('withdraw', record, { found: { held } }))).toMatchObject([{ result: 'done' }]);
    expect(server.written().length).toBe(written);
    for (const one of [
      change('restore', record, { remote: { deleted: true } }),
      change('update', { ...record, name: 'x' }, published()),
    ]) {
      const [result] = await send(one);
      expect(result).toMatchObject({ result: 'rejected', code: 'E_TARGET_DELETED' });
    }
  });
});

describe('a withdrawn record', () => {
  it('gets the tag beside its own, and loses it when it is restored', async () => {
    const { send } = await openInvenioBench(server, { withdrawal: { type: 'tag', tag: 'unlisted' } });
    const record = { ...ada, tags: ['mine'] };
    await send(change('insert', record));
    await send(change('withdraw', record, { remote: { revision: 2 } }));
    expect(server.get('affiliations', 'a')?.document?.['tags']).toEqual(['mine', 'unlisted']);
    expect(await send(change('restore', record, { before: record, remote: { revision: 3 } }))).toMatchObject([
      { result: 'done' },
    ]);
    expect(server.get('affiliations', 'a')?.document?.['tags']).toEqual(['mine']);
  });

  it('that was edited is left as it is', async () => {
    const { send } = await openInvenioBench(server, { withdrawal: { type: 'delete' } });
    await send(change('insert', ada));
    server.edit('affiliations', { ...ada, name: 'Edited' });
    expect(await send(change('withdraw', ada, { remote: { revision: 2 } }))).toMatchObject([{ result: 'conflict' }]);
    expect(server.ids('affiliations')).toEqual(['a']);
  });

  it('that InvenioRDM never held is done', async () => {
    const { send } = await openInvenioBench(server);
    expect(await send(change('withdraw', ada, { remote: { revision: 2 } }))).toEqual([{ id: 'a', result: 'done' }]);
    expect(server.ids('affiliations')).toEqual([]);
  });
});

describe('members that this version does not know', () => {
  const record = { ...ada, website: 'https://example.org', domains: ['example.org'] };

  it('are left out, with one warning, and noted with the record', async () => {
    const { send, sink, log } = await openInvenioBench(server);
    const results = await send(change('insert', record), change('insert', { ...record, id: 'b' }));
    expect(results).toMatchObject([{ remote: { left_out: ['website', 'domains'] } }, { result: 'done' }]);
    await sink.close();
    expect(log.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { members: ['website', 'domains'] } },
    ]);
    expect(log.at(-1)).toMatchObject({ level: 'info', fields: { left_out: { members: 4 } } });
  });

  it('include the short description of an award, and then names of organisations have another member', async () => {
    server.unknownMembers = ['short_description'];
    const { send } = await openInvenioBench(server, { vocabulary: 'awards' });
    const award = { id: 'a', number: '1', short_description: { en: 'Short' }, organizations: [{ name: 'EPFL' }] };
    const [made] = await send(change('insert', award));
    expect(made).toMatchObject({ result: 'done', remote: { left_out: ['short_description'] } });
    expect(server.get('awards', 'a')?.document).toEqual({
      id: 'a',
      number: '1',
      organizations: [{ organization: 'EPFL' }],
    });
  });

  it('are sent where it knows them', async () => {
    server.unknownMembers = [];
    const { send } = await openInvenioBench(server);
    await send(change('insert', record));
    expect(server.get('affiliations', 'a')?.document).toMatchObject({ website: 'https://example.org' });
  });

  it('are rejected with its words where nobody knows them', async () => {
    server.unknownMembers = ['website', 'domains', 'nonsense'];
    const { send } = await openInvenioBench(server);
    const [result] = await send(change('insert', { ...ada, nonsense: 1 }));
    expect(result).toMatchObject({ result: 'rejected', message: expect.stringContaining('nonsense: Unknown field.') });
  });
});

describe('a reference', () => {
  const name = {
    id: 'p',
    family_name: 'P',
    given_name: 'Q',
    affiliations: [{ id: 'here' }, { id: 'missing', name: 'M' }],
  };

  it('to what InvenioRDM does not hold is found before the record is sent', async () => {
    server.edit('affiliations', { id: 'here', name: 'H' });
    const { send } = await openInvenioBench(server, { vocabulary: 'names' });
    const [result] = await send(change('insert', name));
    expect(result).toMatchObject({ result: 'rejected', code: 'E_TARGET_REFERENCE' });
    expect((result as { message: string }).message).toContain('affiliations "missing" (not in affiliations)');
    expect(server.written()).toEqual([]);
  });

  it('is left out where the job says so, and what is named beside the id stays', async () => {
    server.edit('affiliations', { id: 'here', name: 'H' });
    const { send } = await openInvenioBench(server, { vocabulary: 'names', on_missing_reference: 'drop' });
    const [result] = await send(change('insert', name));
    expect(result).toMatchObject({ result: 'done', remote: { left_out: ['affiliations missing'] } });
    expect(server.get('names', 'p')?.document?.['affiliations']).toEqual([{ id: 'here' }, { name: 'M' }]);
  });

  it('to a record that search does not show yet is no missing one', async () => {
    server.edit('affiliations', { id: 'here', name: 'H' });
    server.edit('affiliations', { id: 'missing', name: 'M' });
    server.unindexed.add('missing');
    const { send } = await openInvenioBench(server, { vocabulary: 'names' });
    expect(await send(change('insert', name))).toMatchObject([{ result: 'done' }]);
  });

  it('is looked up once for all records', async () => {
    server.edit('affiliations', { id: 'here', name: 'H' });
    const { send } = await openInvenioBench(server, { vocabulary: 'names' });
    const people = Array.from({ length: 20 }, (_, i) => ({
      ...name,
      id: `p${String(i)}`,
      affiliations: [{ id: 'here' }],
    }));
    await send(...people.map((one) => change('insert', one)));
    await send(change('insert', { ...name, id: 'last', affiliations: [{ id: 'here' }] }));
    expect(server.requests.filter(({ path }) => path.startsWith('/api/affiliations'))).toHaveLength(1);
  });

  it('that only some versions check is looked up when the record is refused', async () => {
    const award = { id: 'w', number: '1', organizations: [{ id: 'gone', organization: 'Gone' }] };
    const { send } = await openInvenioBench(server, { vocabulary: 'awards', on_missing_reference: 'drop' });
    expect(await send(change('insert', award))).toMatchObject([{ result: 'done' }]);
    expect(server.get('awards', 'w')?.document?.['organizations']).toEqual([{ organization: 'Gone' }]);
  });
});
