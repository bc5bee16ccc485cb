/** How large one record may be, in the args of the parsers that hold one at a time. */
import { z } from 'zod';

export const recordBytes = z
  .int()
  .positive()
  .max(256 * 1024 ** 2)
  .default(16 * 1024 ** 2)
  .describe(
    'The most bytes of one record. A larger one is rejected without being held, and reading continues after it. This bounds the memory of the reader.',
  );

export const recordDepth = z
  .int()
  .positive()
  .max(10_000)
  .default(512)
  .describe(
    'The most levels of objects and lists in one record. A deeper one is rejected; real records have fewer than 20.',
  );
