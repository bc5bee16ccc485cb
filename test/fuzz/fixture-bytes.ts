import { readFileSync } from 'node:fs';
import { formatFixtures } from '../support/format-fixtures.ts';

/** The good and the bad files of a format. The fuzzer damages them further. */
export function fixtureBytes(format: string): readonly Buffer[] {
  return (['ok', 'bad'] as const).flatMap((kind) => formatFixtures(format, kind).map(({ path }) => readFileSync(path)));
}
