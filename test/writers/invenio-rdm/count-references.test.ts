/** Which records of an InvenioRDM refer to records of a vocabulary: by its search, in few requests, and never by writing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ReferenceCounts } from '../../../src/component/writer.ts';
import { invenioRdm } from '../../../writers/invenio-rdm.ts';
import { startInvenioServer, type InvenioServer } from '../../support/invenio-server.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { api } from './open-invenio-bench.ts';

const CREATORS = 'metadata.creators.affiliations.id';
const CONTRIBUTORS = 'metadata.contributors.affiliations.id';

describe('references', () => {
  let server: InvenioServer;
  beforeAll(async () => {
    server = await startInvenioServer();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.forget();
  });

  const counterOf = (vocabulary: string) =>
    invenioRdm.countReferences?.(invenioRdm.args.parse({ url: server.url, token: server.token, vocabulary }), {
      ...{ run: 'run-1', job: 'job-a', task: 'main', signal: new AbortController().signal, api },
      ...{ logger: silentLogger(), turn: () => Promise.resolve() },
    });
  const count = async (vocabulary: string, ids: readonly string[]): Promise<ReferenceCounts> => {
    const counter = counterOf(vocabulary);
    if (counter === undefined) throw new Error(`nothing refers to ${vocabulary}`);
    return counter(ids, { examples: 2, onProgress: () => undefined });
  };

  it('are counted by id and together, with the first records and their links', async () => {
    server.records.push(
      { title: 'One', cites: { [CREATORS]: ['a', 'b'] } },
      { title: 'Two', cites: { [CONTRIBUTORS]: ['a'] } },
      { title: 'Three', cites: { [CREATORS]: ['a'], [CONTRIBUTORS]: ['a'] } },
      { title: 'Other', cites: { [CREATORS]: ['z'], 'metadata.funding.funder.id': ['a'] } },
    );
    const found = await count('affiliations', ['a', 'b', 'c']);
    expect(found).toMatchObject({ records: 3, isExact: true });
    expect([...found.byId].map(([id, { records }]) => [id, records])).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
    expect(found.byId.get('a')?.first).toEqual([
      { title: 'One', url: 'https://rdm.example.org/records/One' },
      { title: 'Two', url: 'https://rdm.example.org/records/Two' },
    ]);
    expect(server.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it.each([
    ['funders', 'metadata.funding.funder.id'],
    ['awards', 'metadata.funding.award.id'],
    ['subjects', 'metadata.subjects.id'],
    ['names', 'metadata.creators.person_or_org.identifiers.identifier'],
  ])('to %s are looked for in %s', async (vocabulary, field) => {
    const id = 'https://example.org/"a":b (c) OR d';
    server.records.push({ title: 'One', cites: { [field]: [id] } });
    expect((await count(vocabulary, [id])).records).toBe(1);
  });

  it('to hundreds of ids that nothing refers to take a few requests, each of a length that servers take', async () => {
    const ids = Array.from({ length: 300 }, (_, i) => `0aaaa${String(1000 + i)}`);
    server.records.push({ title: 'One', cites: { [CREATORS]: ['0aaaa1250', '0aaaa1001'] } });
    const found = await count('affiliations', ids);
    expect([...found.byId.keys()].toSorted()).toEqual(['0aaaa1001', '0aaaa1250']);
    // One record that refers to ids of two queries is in the totals of both.
    expect(found).toMatchObject({ records: 2, isExact: false });
    expect(server.requests.length).toBeLessThan(ids.length);
    server.records.length = 0;
    server.requests.length = 0;
    expect((await count('affiliations', ids)).records).toBe(0);
    expect(server.requests.length).toBeLessThan(12);
  });

  it('cannot be counted for a vocabulary that records do not refer to by id', () => {
    expect(counterOf('my-own-list')).toBeUndefined();
  });

  it('fail with the reason where InvenioRDM refuses, and are asked again after its limit', async () => {
    server.budget = { left: 0, size: 5, resetSeconds: 1 };
    setTimeout(() => {
      if (server.budget !== undefined) server.budget.left = 50;
    }, 300);
    expect((await count('affiliations', ['a'])).records).toBe(0);
    server.budget = undefined;
    server.fault = () => ({ status: 403, body: '{"message":"Permission denied.","status":403}' });
    await expect(count('affiliations', ['a'])).rejects.toMatchObject({ code: 'E_TARGET_FORBIDDEN' });
  });
});
