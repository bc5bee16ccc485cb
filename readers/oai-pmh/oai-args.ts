/** The arguments of `oai-pmh`, as InvenioRDM names them. */
import { z } from 'zod';
import { messageOf } from '../../src/errors.ts';
import { parseSince } from '../../src/job/effective/since.ts';

const day = z.string().superRefine((text, context) => {
  try {
    if (parseSince(text, new Date()) === 'none') throw new Error('expected a date or a time');
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error).replace('"since" cannot be used: ', '') });
  }
});

export const oaiArgs = z.strictObject({
  base_url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
    .describe('The address of the OAI-PMH server, without `?verb=…`.'),
  metadata_prefix: z
    .string()
    .regex(/^[\w.!~*'()-]+$/, 'expected the name of a metadata format, such as "oai_dc"')
    .default('oai_dc')
    .describe('The metadata format of the records. `?verb=ListMetadataFormats` of the server lists them.'),
  set: z.string().min(1).optional().describe('Only records of this set, by its `setSpec`.'),
  from_date: day
    .optional()
    .describe(
      'Only what changed from this time on. Without it, what changed since the last run; in a first run, everything.',
    ),
  until_date: day.optional().describe('Only what changed until this time.'),
  verb: z
    .string()
    .default('ListRecords')
    .describe(
      'With any value other than `ListRecords`, identifiers are listed and each record is fetched individually. This is slower, and meant for servers whose `ListRecords` is broken.',
    ),
  granularity: z
    .enum(['day'])
    .optional()
    .describe(
      'The granularity of dates in requests. By default it is the one that the server declares, or days if the server refuses the seconds that it declares.',
    ),
  list_size: z
    .enum(['exact', 'estimate'])
    .default('exact')
    .describe(
      'How reliable the `completeListSize` of the server is. With "exact", the run fails if a list has fewer records, because some are missing. With "estimate", this is a warning.',
    ),
  max_page_bytes: z
    .int()
    .positive()
    .max(256 * 1024 ** 2)
    .default(32 * 1024 ** 2)
    .describe('The maximum size of a response, in bytes. It is kept in memory.'),
  max_pages: z
    .int()
    .positive()
    .default(100_000)
    .describe('The maximum number of responses in one list. It stops a list that never ends.'),
});

export type OaiArgs = z.infer<typeof oaiArgs>;

/** What is harvested, frozen when the source is located. */
export const selectionSchema = z.object({
  /** Different for each run, so that no run takes over the answers of another. */
  harvest: z.string(),
  from: z.string().optional(),
  until: z.string().optional(),
});

export type Selection = z.infer<typeof selectionSchema>;
