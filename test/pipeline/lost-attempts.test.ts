import { describe, expect, it } from 'vitest';
import { LimitError, SourceError, UnavailableError } from '../../src/errors.ts';
import { afterDeath, refuseAfterLosses } from '../../src/pipeline/lost-attempts.ts';
import type { EarlierAttempt } from '../../src/postgres/ledger/run-log.ts';

const lost: EarlierAttempt = { lost: true, code: null, stood: true };
const died: EarlierAttempt = { lost: false, code: 'E_STEP_ENDED', stood: true };
const memory = new LimitError('E_STEP_MEMORY', 'too much', { details: { megabytes: 320 } });
const stuck = new LimitError('E_STEP_STUCK', 'too long');
const ended = new UnavailableError('E_STEP_ENDED', 'killed');

describe('a step whose attempts take their worker with them', () => {
  it('is refused after the third in a row', () => {
    expect(() => {
      refuseAfterLosses([lost, lost, lost]);
    }).toThrow(expect.objectContaining({ code: 'E_STEP_LOST' }) as Error);
  });

  it.each([
    ['there were two', [lost, lost]],
    ['one of them ended by itself', [lost, { ...lost, lost: false }, lost]],
    ['the partition has come further since', [lost, lost, { ...lost, stood: false }]],
  ])('is tried again where %s', (_case, before) => {
    expect(() => {
      refuseAfterLosses(before);
    }).not.toThrow();
  });
});

describe('a step whose process died', () => {
  it.each([
    [memory, []],
    [stuck, [died]],
    [memory, [died, { ...died, stood: false }]],
    [memory, [{ ...died, code: 'E_SOURCE_UNAVAILABLE' }, died]],
  ])('is tried again: %s', (error, before) => {
    expect(afterDeath(error, before)).toMatchObject({ code: 'E_STEP_ENDED', kind: 'unavailable' });
  });

  it('fails for good at the third time, by what ended it', () => {
    expect(afterDeath(memory, [died, died])).toBe(memory);
    expect(afterDeath(stuck, [died, died])).toBe(stuck);
    expect(afterDeath(ended, [died, died])).toMatchObject({ code: 'E_STEP_LOST', kind: 'limit' });
    expect(afterDeath(ended, [died])).toBe(ended);
  });

  it('leaves every other error as it is', () => {
    const other = new SourceError('E_SOURCE_CHANGED', 'other');
    expect(afterDeath(other, [died, died])).toBe(other);
  });
});
