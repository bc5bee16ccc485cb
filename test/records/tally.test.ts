/** What the account of a run says of selectors, over restarts and partitions. */
import { expect, it } from 'vitest';
import { createTally, sumTallies, warnOfUnselected, watchSelectors, type Tally } from '../../src/records/tally.ts';

const CODE = 'W_SELECTED_NOTHING';

function warned(...tallies: readonly Tally[]): readonly string[] {
  const sum = sumTallies(tallies);
  warnOfUnselected(sum, (text) => text);
  return sum.warnings[CODE]?.samples ?? [];
}

it('a selector that found something before a crash, or in another partition, is not warned of', () => {
  const first: Tally = { ...createTally(), read: 3 };
  const watch = watchSelectors(first);
  watch(0, '/a: the pointer /a')();
  watch(0, '/b: the pointer /b');
  watch(1, '/a: the pointer /a');
  expect(warned(first)).toEqual([expect.stringContaining('/b'), expect.stringContaining('/a: the pointer /a')]);

  const resumed = JSON.parse(JSON.stringify(first)) as Tally;
  watchSelectors(resumed)(0, '/a: the pointer /a');
  expect(warned(resumed)).toEqual(warned(first));

  const second: Tally = { ...createTally(), read: 2 };
  watchSelectors(second)(0, '/b: the pointer /b')();
  watchSelectors(second)(1, '/a: the pointer /a')();
  expect(warned(resumed, second)).toEqual([]);
});

it('nothing is said where records were recognised, or where there were none', () => {
  const tally: Tally = { ...createTally(), read: 3 };
  watchSelectors(tally)(0, '/a');
  expect(warned({ ...tally, known: 1 })).toEqual([]);
  expect(warned({ ...tally, read: 0 })).toEqual([]);
  expect(warned(tally)).toHaveLength(1);
});
