import { expect, it } from 'vitest';
import { inTurn } from '../../src/pipeline/stage/in-turn.ts';

interface Job {
  readonly name: string;
  end(): void;
}

function open() {
  const owner = {};
  const begun: Job[] = [];
  const start = (name: string, key = 'run', signal = new AbortController().signal): Promise<string> =>
    inTurn(
      owner,
      key,
      signal,
      () =>
        new Promise((resolve) =>
          begun.push({
            name,
            end: () => {
              resolve(name);
            },
          }),
        ),
    );
  const names = (): readonly string[] => begun.map((job) => job.name);
  /** Whatever can begin has begun behind this. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { begun, start, names, settled };
}

it('lets two of a run work, the others in the order they came, and other runs beside them', async () => {
  const { begun, start, names, settled } = open();
  const ended = ['a', 'b', 'c', 'd'].map((name) => start(name));
  void start('x', 'another run');
  await settled();
  expect(names()).toEqual(['a', 'b', 'x']);
  begun[1]?.end();
  await ended[1];
  await settled();
  expect(names()).toEqual(['a', 'b', 'x', 'c']);
  begun[0]?.end();
  begun[3]?.end();
  await settled();
  begun[4]?.end();
  expect(await Promise.all(ended)).toEqual(['a', 'b', 'c', 'd']);
});

it('lets go whoever is aborted while it waits, and goes on behind a failure', async () => {
  const { begun, start, names, settled } = open();
  const leave = new AbortController();
  const owner = {};
  const first = start('a');
  const second = start('b');
  const left = start('c', 'run', leave.signal);
  const last = start('d');
  leave.abort(new Error('stopped'));
  await expect(left).rejects.toThrow('stopped');
  await expect(start('e', 'run', leave.signal)).rejects.toThrow('stopped');
  begun[0]?.end();
  await first;
  await settled();
  expect(names()).toEqual(['a', 'b', 'd']);
  for (const { end } of begun) end();
  await Promise.all([second, last]);
  const fail = (): Promise<void> => inTurn(owner, 'k', leave.signal, () => Promise.reject(new Error('broken')));
  for (let i = 0; i < 3; i++) await expect(fail()).rejects.toThrow('broken');
});

it('does not let the next attempt wait for one that was aborted and hangs', async () => {
  const { begun, start, names, settled } = open();
  const leave = new AbortController();
  void start('hangs', 'run', leave.signal);
  void start('hangs too', 'run', leave.signal);
  const next = ['a', 'b', 'c'].map((name) => start(name));
  leave.abort(new Error('stopped'));
  await settled();
  expect(names()).toEqual(['hangs', 'hangs too', 'a', 'b']);
  // What hung and ends at last gives no second turn.
  begun[0]?.end();
  await settled();
  expect(names()).toEqual(['hangs', 'hangs too', 'a', 'b']);
  begun[2]?.end();
  await settled();
  for (const { end } of begun) end();
  expect(await Promise.all(next)).toEqual(['a', 'b', 'c']);
});
