/** The arguments of `cordis-award`, as InvenioRDM names them. */
import { z } from 'zod';
import { toBareRorId } from '../../src/records/ror-id.ts';

const rorId = z
  .string()
  .refine((text) => toBareRorId(text) !== undefined, 'expected a ROR id, such as "04d836q62"')
  .describe('The ROR id of the organisation, bare or as an address.');

const paramsSchema = z.strictObject({
  source: z
    .string()
    .min(1)
    .default('10.5281/zenodo.21345462')
    .describe(
      'Where the mapping is: a concept DOI, the http(s) address of a CSV, or the path of one on the machine of the worker.',
    ),
  filename: z
    .string()
    .min(1)
    .default('pic_mapping.csv')
    .describe('The name of the CSV in the record of the DOI. It has the columns pic, ror_id and confidence.'),
  accepted_confidence: z
    .array(z.string().min(1))
    .min(1)
    .default(['high', 'medium', 'manual'])
    .describe('Values of the column confidence; rows with another one are not used.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'expected an address without user name and password')
    .default('https://doi.org')
    .describe('The resolver of the DOI. Another one serves mirrors and tests.'),
});

export const cordisAwardArgs = z.strictObject({
  pic_mapping: z
    .record(z.string(), rorId)
    .optional()
    .describe(
      'ROR ids of organisations by their PIC, in place of the published mapping; {} links no organisation. Without it the mapping of `pic_mapping_params` is fetched with the source.',
    ),
  pic_mapping_params: paramsSchema.prefault({}).describe('The published mapping from PICs to ROR ids.'),
});

export type CordisAwardArgs = z.infer<typeof cordisAwardArgs>;
export type PicMappingParams = CordisAwardArgs['pic_mapping_params'];
