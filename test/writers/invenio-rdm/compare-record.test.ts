/** What counts as a difference between a record that was published and the one that InvenioRDM holds. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FieldChange } from '../../../src/records/field-changes.ts';
import { startInvenioServer, type InvenioServer } from '../../support/invenio-server.ts';
import { openInvenioBench } from './open-invenio-bench.ts';

let server: InvenioServer;
beforeEach(async () => {
  server = await startInvenioServer();
});
afterEach(() => server.close());

const compare = async (
  published: Readonly<Record<string, unknown>>,
  held: Readonly<Record<string, unknown>>,
  args: object = {},
  withdrawn = false,
): Promise<readonly FieldChange[]> => {
  const { sink } = await openInvenioBench(server, args);
  const document = { id: 'a', name: 'One', ...published };
  const found = { id: 'a', state: 'live' as const, document: { id: 'a', name: 'One', ...held } };
  return (await sink.compare?.({ document, withdrawn }, found)) ?? [];
};

it('takes neither the spaces of an ISNI nor the order of aliases for a difference', async () => {
  const published = { aliases: ['B', 'A'], identifiers: [{ scheme: 'isni', identifier: '0000000118823513' }] };
  const held = { aliases: ['A', 'B'], identifiers: [{ scheme: 'isni', identifier: '0000 0001 1882 3513' }] };
  expect(await compare(published, held)).toEqual([]);
  const other = { ...held, aliases: ['A', 'C'] };
  expect((await compare(published, other)).map(({ pointer }) => pointer)).toEqual(['/aliases']);
});

it('leaves aside what InvenioRDM makes of texts, and members that its version does not know', async () => {
  expect(await compare({ name: '“One”', website: 'https://example.org' }, { name: '"One"' })).toEqual([]);
});

it('expects a withdrawn record with its tag, or no record', async () => {
  expect(await compare({}, { tags: ['unlisted'] }, {}, true)).toEqual([]);
  expect((await compare({}, {}, {}, true)).map(({ pointer }) => pointer)).toEqual(['/tags']);
  expect(await compare({}, {}, { withdrawal: { type: 'delete' } }, true)).toHaveLength(1);
});

it('expects a record without the references that were dropped when it was sent', async () => {
  const published = { given_name: 'A', family_name: 'B', affiliations: [{ id: 'unknown' }, { name: 'Known by name' }] };
  const held = { given_name: 'A', family_name: 'B', name: 'B, A', affiliations: [{ name: 'Known by name' }] };
  const names = { vocabulary: 'names' };
  expect(await compare(published, held, { ...names, on_missing_reference: 'drop' })).toEqual([]);
  expect(await compare(published, held, names)).toHaveLength(1);
});
