/** What every writer that receives changes keeps to, tested against a server of its kind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangesSink, ChangesWriter } from '../../src/component/writer.ts';
import type { VocabSyncError } from '../../src/errors.ts';
import { createApiService } from '../../src/http/create-api-service.ts';
import type { Change, ChangeResult } from '../../src/records/change.ts';
import { silentLogger } from '../support/silent-logger.ts';
import type { ChangesBench, ChangesTarget, Lack } from './changes-benches.ts';

const api = createApiService({ allowedHosts: [], userAgent: 'vocab-sync-test' });
const { signal } = new AbortController();
const run = { run: 'run-1', job: 'job-a', task: 'main' };

export function describeChangesWriter(name: string, writer: ChangesWriter, { start, lacks }: ChangesTarget): void {
  describe(name, () => {
    let bench: ChangesBench;
    let sink: ChangesSink;
    const unlessIt = (...lack: Lack[]) => it.skipIf(lack.some((one) => lacks.includes(one)));
    const argsOf = (): unknown => writer.args.parse({ ...bench.args, ...bench.secrets });

    beforeEach(async () => {
      bench = await start();
      sink = await writer.open(argsOf(), {
        ...run,
        ...{ signal, api, logger: silentLogger(), turn: () => Promise.resolve() },
      });
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
      const limits = writer.limits(argsOf());
      expect(limits.batch).toBeGreaterThan(0);
      expect(limits.batchBytes).toBeGreaterThan(1000);
      expect(limits.concurrency).toBeGreaterThan(0);
    });

    it('answers each change, and can be closed', async () => {
      const results = await sink.write(['a', 'b', 'c'].map((id) => change(id, 'insert', id)));
      expect(results.map(({ id }) => id).toSorted()).toEqual(['a', 'b', 'c']);
      expect(new Set(results.map(({ result }) => result))).toEqual(new Set(['done']));
      await sink.finish?.();
    });

    unlessIt('names')('inserts, updates, withdraws and restores', async () => {
      const made = (await send(change('a', 'insert', 'One')))['a'];
      expect([made?.result, await bench.nameOf('a')]).toEqual(['done', 'One']);
      const updated = (await send(change('a', 'update', 'Two', after(made, 'One'))))['a'];
      expect([updated?.result, await bench.nameOf('a')]).toEqual(['done', 'Two']);
      const gone = (await send(change('a', 'withdraw', 'Two', after(updated, 'Two'))))['a'];
      expect([gone?.result, await bench.nameOf('a')]).toEqual(['done', undefined]);
      const back = (await send(change('a', 'restore', 'Three', after(gone, 'Two'))))['a'];
      expect([back?.result, await bench.nameOf('a')]).toEqual(['done', 'Three']);
    });

    unlessIt('refusal')('rejects a record that the target refuses, with its words, and takes the others', async () => {
      const results = await send(
        change('a', 'insert', 'One'),
        { ...change('b', 'insert', 'x'), document: bench.refused('b') },
        change('c', 'insert', 'Three'),
      );
      expect(results).toMatchObject({ a: { result: 'done' }, b: { result: 'rejected' }, c: { result: 'done' } });
      expect((results['b'] as { message?: string }).message).toMatch(/\S{3}/);
      expect([await bench.nameOf('a'), await bench.nameOf('b'), await bench.nameOf('c')]).toEqual([
        'One',
        undefined,
        'Three',
      ]);
    });

    it.skipIf(lacks.includes('cut')).each(['before', 'after'] as const)(
      'does an insert once where the connection breaks %s the work',
      async (when) => {
        const insert = change('a', 'insert', 'One');
        bench.cut(when);
        await expect(
          send(insert).then(({ a }) => {
            if (a?.result !== 'again') return a;
            throw new Error('again');
          }),
        ).rejects.toThrow();
        expect((await sendAgain(insert))?.result).toBe('done');
        expect([await bench.nameOf('a'), bench.writes()]).toEqual(['One', when === 'before' ? 2 : 1]);
      },
    );

    it.skipIf(lacks.includes('cut')).each(['before', 'after'] as const)(
      'does an update once where the connection breaks %s the work',
      async (when) => {
        const made = (await send(change('a', 'insert', 'One')))['a'];
        const update = change('a', 'update', 'Two', after(made, 'One'));
        bench.cut(when);
        await send(update).catch(() => undefined);
        expect((await sendAgain(update))?.result).toBe('done');
        expect([await bench.nameOf('a'), bench.writes()]).toEqual(['Two', when === 'before' ? 3 : 2]);
      },
    );

    const SOON = 600;
    const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString();
    /** What the writer makes of an answer to one change. `after` is in milliseconds. */
    const verdictOn = async (
      status: number,
      body: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<{ verdict: string; message: string; after?: number | undefined; isBusy?: boolean }> => {
      bench.answer?.(status, body, headers);
      try {
        const result = (await send(change('a', 'insert', 'One')))['a'];
        const again = result?.result === 'again' ? result : undefined;
        const message = result !== undefined && 'message' in result ? result.message : '';
        const isBusy = again?.isBusy === true;
        return { verdict: result?.result ?? 'nothing', message, after: again?.after, isBusy };
      } catch (thrown) {
        const { code, message, retryAfter, details } = thrown as VocabSyncError & { readonly retryAfter?: number };
        const verdict = code === 'E_TARGET_UNAVAILABLE' ? 'again' : code;
        return { verdict, message, after: retryAfter, isBusy: details['status'] === 429 };
      }
    };
    const itOverHttp = it.skipIf(lacks.includes('http'));

    itOverHttp.each([
      [
        'a page in place of JSON',
        200,
        '<!DOCTYPE html><html><title>Log in</title></html>',
        'E_TARGET_FORBIDDEN',
        'Log in',
      ],
      ['401', 401, '{"message": "The token has expired."}', 'E_TARGET_FORBIDDEN', 'token has expired'],
      ['403', 403, '{"message": "Permission denied."}', 'E_TARGET_FORBIDDEN', 'Permission denied'],
      ['413', 413, '<h1>Request Entity Too Large</h1>', 'rejected', 'Too Large'],
      ['500', 500, '<h1>Oops</h1>', 'again', ''],
      ['503', 503, '<h1>Back soon</h1>', 'again', ''],
    ] as const)('answers %s with what follows from it', async (_what, status, body, expected, words) => {
      const { verdict, message } = await verdictOn(status, body, { 'content-type': 'text/html' });
      expect([verdict, message]).toEqual([expected, expect.stringContaining(words)]);
      expect(await bench.nameOf('a')).toBeUndefined();
    });

    itOverHttp.each([
      ['429 with seconds', 429, () => String(SOON)],
      ['429 with a date', 429, () => inSeconds(SOON)],
    ] as const)('waits as long as %s in Retry-After asks for', async (_what, status, retryAfter) => {
      const { verdict, after, isBusy } = await verdictOn(status, '', { 'retry-after': retryAfter() });
      // No record is to blame for it.
      expect([verdict, isBusy]).toEqual(['again', true]);
      expect(Math.abs((after ?? 0) - SOON * 1000)).toBeLessThan(10_000);
    });

    itOverHttp('follows no redirect to another host', async () => {
      const { verdict, message } = await verdictOn(307, '', { location: 'http://127.0.0.1:9/elsewhere' });
      expect([verdict, message]).toEqual(['E_TARGET_FORBIDDEN', expect.stringContaining('/elsewhere')]);
    });

    unlessIt('edit')('does not overwrite what somebody else made or edited, unless it may', async () => {
      const made = (await send(change('a', 'insert', 'One')))['a'];
      await bench.edit('a', 'Edited');
      await bench.edit('b', 'Foreign');
      const update = change('a', 'update', 'Two', after(made, 'One'));
      const insert = change('b', 'insert', 'Two');
      expect(await send(update, insert)).toMatchObject({ a: { result: 'conflict' }, b: { result: 'conflict' } });
      expect([await bench.nameOf('a'), await bench.nameOf('b')]).toEqual(['Edited', 'Foreign']);
      await send({ ...update, overwrites: true }, { ...insert, overwrites: true });
      expect([await bench.nameOf('a'), await bench.nameOf('b')]).toEqual(['Two', 'Two']);
    });

    unlessIt('edit', 'look')(
      'does not overwrite it either where an earlier attempt may have sent the change',
      async () => {
        const made = (await send(change('a', 'insert', 'One')))['a'];
        await bench.edit('a', 'Edited');
        await bench.edit('b', 'Foreign');
        for (const uncertain of [
          change('a', 'update', 'Two', after(made, 'One')),
          change('a', 'withdraw', 'One', after(made, 'One')),
          change('b', 'insert', 'Two'),
        ]) {
          expect((await sendAgain(uncertain))?.result).toBe('conflict');
        }
        expect([await bench.nameOf('a'), await bench.nameOf('b')]).toEqual(['Edited', 'Foreign']);
        await sendAgain({ ...change('b', 'insert', 'Two'), overwrites: true });
        expect(await bench.nameOf('b')).toBe('Two');
      },
    );

    unlessIt('names', 'look')('withdraws a record that a run which ended may have updated', async () => {
      const made = (await send(change('a', 'insert', 'One')))['a'];
      await send(change('a', 'update', 'Two', after(made, 'One')));
      const remote = made?.result === 'done' && made.remote !== undefined ? { remote: made.remote } : {};
      // The published version is unknown, so the engine passes none.
      expect((await sendAgain(change('a', 'withdraw', 'One', remote)))?.result).toBe('done');
      expect(await bench.nameOf('a')).toBeUndefined();
    });

    unlessIt('look')('looks up what the target holds, and leaves out what it does not', async () => {
      await send(change('a', 'insert', 'One'));
      const held = await sink.look?.(['a', 'nothing']);
      expect([...(held?.keys() ?? [])]).toEqual(['a']);
      expect(held?.get('a')?.state).toBe('live');
    });

    unlessIt('list')('lists what the target holds in order of id, from any id on', async () => {
      const ids = Array.from({ length: 30 }, (_, i) => `id-${String(i).padStart(2, '0')}`);
      await send(...ids.map((id) => change(id, 'insert', id)));
      for (const [start, expected] of [
        [undefined, ids],
        ['id-09', ids.slice(10)],
        ['id-29', []],
      ] as const) {
        const listed: string[] = [];
        for await (const some of sink.list?.(start) ?? []) listed.push(...some.map(({ id }) => id));
        expect(listed).toEqual(expected);
      }
    });

    unlessIt('list', 'edit')('shows in its list what somebody else edited or made', async () => {
      const list = async (): Promise<ReadonlyMap<string, string>> => {
        const held = new Map<string, string>();
        for await (const some of sink.list?.(undefined) ?? []) {
          for (const one of some) held.set(one.id, JSON.stringify(one));
        }
        return held;
      };
      await send(...['a', 'b', 'c'].map((id) => change(id, 'insert', id)));
      const before = await list();
      await bench.edit('b', 'Edited');
      await bench.edit('z', 'Foreign');
      const after = await list();
      expect([...after.keys()].filter((id) => after.get(id) !== before.get(id))).toEqual(['b', 'z']);
    });
  });
}
