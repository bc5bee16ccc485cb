/** Damaged projects of CORDIS, as the reader `xml` would give them. */
import { TIME_2_SWITCH } from '../../transformers/cordis-award/example-project.ts';
import { cordisAward } from '../../transformers/cordis-award.ts';
import { fuzzRecords, type FuzzCounts } from './fuzz-records.ts';

export function fuzzCordis(count: number, seed: number): FuzzCounts {
  const args = { pic_mapping: { '999979888': '04d836q62' } };
  const sound = [TIME_2_SWITCH, { project: TIME_2_SWITCH }];
  return fuzzRecords([{ transformer: cordisAward, args, sound, schema: 'awards' }], count, seed);
}
