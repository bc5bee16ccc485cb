/** What every writer keeps to that takes changes one by one, against a server of its kind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangesSink, ChangesWriter } from '../../src/component/writer.ts';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { Change, ChangeResult } from '../../src/records/change.ts';
import { writers } from '../../writers/index.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { changesBenches, type ChangesBench } from './changes-benches.ts';

const changesWriters = writers.filter((writer): writer is ChangesWriter => writer.receives === 'changes');
const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
const { signal } = new AbortController();
const run = { run: 'run-1', job: 'job-a', task: 'main' };

describe.each(changesWriters.map((writer) => [writer.type, writer] as const))('changes writer %s', (type, writer) => {
  let bench: ChangesBench;
  let sink: ChangesSink;
  const open = (more: object = {}): Promise<ChangesSink> =>
    writer.open(writer.args.parse({ ...bench.args, ...more }), {
      ...run,
      ...{ signal, api, logger: silentLogger(), turn: () => Promise.resolve() },
    });

  beforeEach(async () => {
    const start = changesBenches[type];
    if (start === undefined) throw new Error(`test/contract/changes-benches.ts has no server for the writer ${type}`);
    bench = await start();
    sink = await open();
  });
  afterEach(async () => {
    await sink.close();
    await bench.close();
  });

  const change = (id: string, kind: Change['kind'], name: string, more: Partial<Change> = {}): Change => ({
    ...{ id, kind, document: bench.document(id, name), overwrites: false },
    ...more,
  });
  const send = async (...changes: Change[]): Promise<Record<string, ChangeResult>> =>
    Object.fromEntries((await sink.write(changes)).map((result) => [result.id, result]));
  /** What the engine keeps of an answer and hands back with the next change. */
  const after = (result: ChangeResult | undefined, name: string): Partial<Change> => ({
    ...(result?.result === 'done' && result.remote !== undefined ? { remote: result.remote } : {}),
    before: bench.document(result?.id ?? '', name),
  });
  /** As the engine asks again for a change that has no answer. */
  const sendAgain = async (uncertain: Change): Promise<ChangeResult | undefined> => {
    const found = await sink.look?.([uncertain.id]);
    const known = found === undefined ? {} : { found: { held: found.get(uncertain.id) } };
    return (await send({ ...uncertain, ...known }))[uncertain.id];
  };

  it('says how much it takes at once', () => {
    const limits = writer.limits(writer.args.parse(bench.args));
    expect(limits.batch).toBeGreaterThan(0);
    expect(limits.batchBytes).toBeGreaterThan(1000);
    expect(limits.concurrency).toBeGreaterThan(0);
  });

  it('inserts, updates, withdraws and restores', async () => {
    const made = (await send(change('a', 'insert', 'One')))['a'];
    expect([made?.result, bench.nameOf('a')]).toEqual(['done', 'One']);
    const updated = (await send(change('a', 'update', 'Two', after(made, 'One'))))['a'];
    expect([updated?.result, bench.nameOf('a')]).toEqual(['done', 'Two']);
    const gone = (await send(change('a', 'withdraw', 'Two', after(updated, 'Two'))))['a'];
    expect([gone?.result, bench.nameOf('a')]).toEqual(['done', undefined]);
    const back = (await send(change('a', 'restore', 'Three', after(gone, 'Two'))))['a'];
    expect([back?.result, bench.nameOf('a')]).toEqual(['done', 'Three']);
  });

  it('rejects a record that the target refuses, with its words, and takes the others', async () => {
    const results = await send(
      change('a', 'insert', 'One'),
      { ...change('b', 'insert', 'x'), document: bench.refused('b') },
      change('c', 'insert', 'Three'),
    );
    expect(results).toMatchObject({ a: { result: 'done' }, b: { result: 'rejected' }, c: { result: 'done' } });
    expect((results['b'] as { message?: string }).message).toMatch(/\S{3}/);
    expect(['a', 'b', 'c'].map((id) => bench.nameOf(id))).toEqual(['One', undefined, 'Three']);
  });

  it.each(['before', 'after'] as const)('does an insert once where the connection breaks %s the work', async (when) => {
    const insert = change('a', 'insert', 'One');
    bench.cut(when);
    await expect(
      send(insert).then(({ a }) => {
        if (a?.result !== 'again') return a;
        throw new Error('again');
      }),
    ).rejects.toThrow();
    expect((await sendAgain(insert))?.result).toBe('done');
    expect([bench.nameOf('a'), bench.writes()]).toEqual(['One', when === 'before' ? 2 : 1]);
  });

  it.each(['before', 'after'] as const)('does an update once where the connection breaks %s the work', async (when) => {
    const made = (await send(change('a', 'insert', 'One')))['a'];
    const update = change('a', 'update', 'Two', after(made, 'One'));
    bench.cut(when);
    await send(update).catch(() => undefined);
    expect((await sendAgain(update))?.result).toBe('done');
    expect([bench.nameOf('a'), bench.writes()]).toEqual(['Two', when === 'before' ? 3 : 2]);
  });

  it('does not overwrite what somebody else made or edited, unless it may', async () => {
    const made = (await send(change('a', 'insert', 'One')))['a'];
    bench.edit('a', 'Edited');
    bench.edit('b', 'Foreign');
    const update = change('a', 'update', 'Two', after(made, 'One'));
    const insert = change('b', 'insert', 'Two');
    expect(await send(update, insert)).toMatchObject({ a: { result: 'conflict' }, b: { result: 'conflict' } });
    expect([bench.nameOf('a'), bench.nameOf('b')]).toEqual(['Edited', 'Foreign']);
    await send({ ...update, overwrites: true }, { ...insert, overwrites: true });
    expect([bench.nameOf('a'), bench.nameOf('b')]).toEqual(['Two', 'Two']);
  });

  it('looks up what the target holds, and leaves out what it does not', async () => {
    await send(change('a', 'insert', 'One'));
    const held = await sink.look?.(['a', 'nothing']);
    if (held === undefined) return;
    expect([...held.keys()]).toEqual(['a']);
    expect(held.get('a')?.state).toBe('live');
  });

  it('lists what the target holds in order of id, from any id on', async () => {
    const ids = Array.from({ length: 30 }, (_, i) => `id-${String(i).padStart(2, '0')}`);
    await send(...ids.map((id) => change(id, 'insert', id)));
    for (const [start, expected] of [
      [undefined, ids],
      ['id-09', ids.slice(10)],
      ['id-29', []],
    ] as const) {
      const listed: string[] = [];
      for await (const some of sink.list?.(start) ?? []) listed.push(...some.map(({ id }) => id));
      if (sink.list !== undefined) expect(listed).toEqual(expected);
    }
  });
});
