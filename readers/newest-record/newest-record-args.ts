/** The arguments that every reader of the newest record of a concept DOI has. */
import { z } from 'zod';
import { sinceArg } from '../arguments/since.ts';

export const newestSince = sinceArg.describe(
  'Skips a dump that is older than this: a date, `YYYY-MM-DD HH:mm`, ISO 8601, `{"days": 10}`, or `none`. Without it, the newest dump is read unless it was already published.',
);

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
