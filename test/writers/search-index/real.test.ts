/** The writers on real servers: what the server of the other tests claims about them is true. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangesSink, ChangesWriter } from '../../../src/component/writer.ts';
import type { Document } from '../../../src/records/document.ts';
import { writers } from '../../support/shipped-components.ts';
import { noS3 } from '../../support/no-services.ts';
import { realSearchServers } from '../../support/real-search.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { api, change, remoteOf, signal } from './open-index-bench.ts';

describe.each(realSearchServers())('a real $type', ({ type, url }) => {
  const isMissing = url === undefined;
  const index = `vs-${randomBytes(4).toString('hex')}`;
  const writer = writers.find((one) => one.type === type) as ChangesWriter;
  let sink: ChangesSink;
  const argsOf = (more: object = {}): unknown => writer.args.parse({ url, index, withdrawn_field: 'gone', ...more });
  const open = (more?: object): Promise<ChangesSink> =>
    writer.open(argsOf(more), {
      ...{ run: 'run-1', job: 'job-a', task: 'main', signal, api, logger: silentLogger() },
      turn: () => Promise.resolve(),
    });
  const ask = (method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object) =>
    api.ask({
      ...{ url: `${url ?? ''}/${index}${path}`, method, signal, headers: { 'content-type': 'application/json' } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const preflight = (more?: object): Promise<void> | undefined =>
    writer.preflight?.(argsOf(more), { job: 'job-a', api, buckets: noS3.target, signal });
  const record = (id: string, name: unknown): Document => ({ id, name, title: { en: 'T' } });

  beforeAll(async () => {
    if (isMissing) return;
    await preflight();
    expect((await ask('GET', '')).status).toBe(404);
    sink = await open({
      settings: { number_of_replicas: 0 },
      mappings: { properties: { id: { type: 'keyword' }, name: { type: 'text' }, gone: { type: 'boolean' } } },
    });
  }, 60_000);
  afterAll(async () => {
    if (!isMissing) await ask('DELETE', '');
  });

  it.skipIf(isMissing)('takes, refuses, compares, updates, withdraws and restores', async () => {
    const results = await sink.write([
      ...[change('insert', record('a', 'One')), change('insert', record('b', { en: 'not a text' }))],
      ...[change('insert', record('x'.repeat(512), 'One')), change('insert', record('x'.repeat(513), 'One'))],
    ]);
    expect(results.map(({ result }) => result)).toEqual(['done', 'rejected', 'done', 'rejected']);
    expect((results[1] as { message: string }).message).toMatch(/mapper_parsing_exception.*name.*START_OBJECT/);
    const again = await sink.write([change('insert', record('a', 'One'))]);
    expect(again).toEqual([results[0]]);
    const [updated] = await sink.write([change('update', record('a', 'Two'), remoteOf(results[0]))]);
    const [late] = await sink.write([change('update', record('a', 'Late'), remoteOf(results[0]))]);
    expect([updated?.result, late?.result]).toEqual(['done', 'conflict']);
    const [gone] = await sink.write([change('withdraw', record('a', 'Two'), remoteOf(updated))]);
    expect((await sink.look?.(['a', 'b']))?.get('a')).toEqual({
      ...{ id: 'a', state: 'gone', document: record('a', 'Two') },
      ...remoteOf(gone),
    });
    const [back] = await sink.write([change('restore', record('a', 'Three'), remoteOf(gone))]);
    expect(back).toMatchObject({ result: 'done', remote: { version: 4 } });
  });

  it.skipIf(isMissing)('deletes where no field is named, and creates again', async () => {
    const plain = await open({ withdrawn_field: undefined });
    const [made] = await plain.write([change('insert', record('d', 'One'))]);
    const [gone] = await plain.write([change('withdraw', record('d', 'One'), remoteOf(made))]);
    expect((await plain.look?.(['d']))?.size).toBe(0);
    const [back] = await plain.write([change('restore', record('d', 'Two'), remoteOf(gone))]);
    expect([gone?.result, back?.result]).toEqual(['done', 'done']);
  });

  it.skipIf(isMissing)('notices a document that another client changed or created', async () => {
    const [made] = await sink.write([change('insert', record('e', 'One'))]);
    await ask('PUT', '/_doc/e', record('e', 'Edited'));
    await ask('PUT', '/_doc/f', record('f', 'Foreign'));
    const update = change('update', record('e', 'Two'), { ...remoteOf(made), before: record('e', 'One') });
    const insert = change('insert', record('f', 'Two'));
    expect((await sink.write([update, insert])).map(({ result }) => result)).toEqual(['conflict', 'conflict']);
    const over = await sink.write([update, insert].map((one) => ({ ...one, overwrites: true })));
    expect(over.map(({ result }) => result)).toEqual(['done', 'done']);
  });

  it.skipIf(isMissing)('lists in order of the bytes of the id, from any id on', async () => {
    const ids = ['l-\u{1F600}', 'l-\uFB01', 'l-Z', 'l-a', ...Array.from({ length: 600 }, (_, i) => `l-${String(i)}`)];
    await sink.write(ids.map((id) => change('insert', record(id, 'One'))));
    const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const [start, expected] of [
      ['l', sorted],
      [sorted[300], sorted.slice(301)],
    ] as const) {
      const listed: string[] = [];
      for await (const some of sink.list?.(start) ?? []) listed.push(...some.map(({ id }) => id));
      expect(listed.filter((id) => id.startsWith('l-'))).toEqual(expected);
    }
  });

  it.skipIf(isMissing)('is checked without a change', async () => {
    const total = async (): Promise<unknown> =>
      (JSON.parse((await ask('GET', '/_stats/indexing')).body) as { _all: { primaries: { indexing: object } } })._all
        .primaries.indexing;
    const [before] = [await total(), await preflight()];
    const after = await total();
    const counted = ({ index_total: made, delete_total: deleted }: { index_total?: number; delete_total?: number }) => [
      made,
      deleted,
    ];
    expect(counted(after as object)).toEqual(counted(before as object));
    await ask('PUT', '/_settings', { 'index.blocks.write': true });
    await expect(preflight()).rejects.toMatchObject({ code: 'E_TARGET_UNAVAILABLE' });
    await ask('PUT', '/_settings', { 'index.blocks.write': false });
  });
});
