import { expect, it } from 'vitest';
import { limitConcurrency } from '../../src/pipeline/stage/limit-concurrency.ts';

interface Job {
  readonly name: string;
  end(): void;
}

function open() {
  const owner = {};
  const begun: Job[] = [];
  const start = (name: string, key = 'run', signal = new AbortController().signal): Promise<string> =>
    limitConcurrency(
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
  /** Resolves after everything that can begin has begun. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { begun, start, names, settled };
}

it('runs two calls of a run at once, the others in order, and other runs alongside them', async () => {
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

it('drops a call that is aborted while it waits, and continues after a failure', async () => {
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
  const fail = (): Promise<void> =>
    limitConcurrency(owner, 'k', leave.signal, () => Promise.reject(new Error('broken')));
  for (let i = 0; i < 3; i++) await expect(fail()).rejects.toThrow('broken');
});

it('does not make the next attempt wait for a call that was aborted and hangs', async () => {
  const { begun, start, names, settled } = open();
  const leave = new AbortController();
  void start('hangs', 'run', leave.signal);
  void start('hangs too', 'run', leave.signal);
  const next = ['a', 'b', 'c'].map((name) => start(name));
  leave.abort(new Error('stopped'));
  await settled();
  expect(names()).toEqual(['hangs', 'hangs too', 'a', 'b']);
  // A call that hung does not release its place a second time when it ends.
  begun[0]?.end();
  await settled();
  expect(names()).toEqual(['hangs', 'hangs too', 'a', 'b']);
  begun[2]?.end();
  await settled();
  for (const { end } of begun) end();
  expect(await Promise.all(next)).toEqual(['a', 'b', 'c']);
});
