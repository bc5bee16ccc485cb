import { expect, it } from 'vitest';
import { patiently } from '../../src/temporal/patiently.ts';

function answered(code: number): Error {
  return Object.assign(new Error('from the server'), { cause: Object.assign(new Error('grpc'), { code }) });
}

function failing(times: number, failure: Error) {
  const calls = { made: 0 };
  const call = (): Promise<string> => {
    calls.made += 1;
    return calls.made <= times ? Promise.reject(failure) : Promise.resolve('well');
  };
  return { calls, call };
}

it('asks a busy server again, three times in all', async () => {
  const busy = failing(2, answered(4));
  expect(await patiently(busy.call)).toBe('well');
  const gone = failing(9, answered(4));
  await expect(patiently(gone.call)).rejects.toThrow('from the server');
  expect(gone.calls.made).toBe(3);
});

it('asks once whoever refuses', async () => {
  const refused = failing(9, answered(3));
  await expect(patiently(refused.call)).rejects.toThrow('from the server');
  expect(refused.calls.made).toBe(1);
});
