/** The arguments that every reader of the newest record of a concept DOI has. */
import { z } from 'zod';
import { messageOf } from '../../src/errors.ts';
import { parseSince } from '../../src/job/since.ts';

/** The key stands first in the args of a reader. */
export const sinceArg = {
  since: z
    .union([z.string(), z.null(), z.record(z.string(), z.number())])
    .superRefine((since, context) => {
      try {
        parseSince(since ?? 'none', new Date());
      } catch (error) {
        context.addIssue({ code: 'custom', message: messageOf(error) });
      }
    })
    .optional()
    .describe(
      'Leaves out a dump that is older than this: a date, `YYYY-MM-DD HH:mm`, ISO 8601, `{"days": 10}`, or `none`. Without it the newest dump is read unless it was published before.',
    ),
};

export const baseUrlArg = {
  base_url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
    .default('https://doi.org')
    .describe('The resolver of the DOI. Another one serves mirrors and tests.'),
};

export interface NewestRecordArgs {
  readonly since?: string | Record<string, number> | null | undefined;
  readonly base_url: string;
  readonly max_bytes: number;
}
