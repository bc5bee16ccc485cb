/** `since` in the args of a reader whose records or objects have times of their own. */
import { z } from 'zod';
import type { FetchContext } from '../../src/component/reader.ts';
import { messageOf } from '../../src/errors.ts';
import { parseSince } from '../../src/job/effective/since.ts';

export const sinceArg = z
  .union([z.string(), z.null(), z.record(z.string(), z.number())])
  .superRefine((since, context) => {
    try {
      parseSince(since ?? 'none', new Date());
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) });
    }
  })
  .optional();

/** What the config says wins over the `since` of the run. Undefined: everything. */
export function readSince(written: z.infer<typeof sinceArg>, context: Pick<FetchContext, 'since'>): Date | undefined {
  if (written === undefined) return context.since?.time;
  const parsed = parseSince(written ?? 'none', new Date());
  return parsed === 'none' ? undefined : parsed.time;
}
