/** A short run of each format; `npm run fuzz` is the long one. */
import { expect, it } from 'vitest';
import { FORMATS } from './formats.ts';

const COUNT = 300;
/** Of these each input is a file that is written and read several times. */
const FEWER: Readonly<Record<string, number>> = { zip: 60, gzip: 150 };

it.each(Object.entries(FORMATS))(
  '%s: damaged inputs end as they should',
  async (format, fuzz) => {
    const count = FEWER[format] ?? COUNT;
    const report = await fuzz(count, 20261121);
    expect(Object.values(report).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
  },
  60_000,
);
