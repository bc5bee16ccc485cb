/** The arguments of `openaire-award`. */
import { z } from 'zod';
import { toBareRorId } from '../../src/records/ror-id.ts';

const prefix = z
  .string()
  .regex(/^[a-z0-9_]{1,12}$/, 'expected the prefix of an OpenAIRE id, at most 12 characters, such as "conicytf____"');

const rorId = z
  .string()
  .refine((text) => toBareRorId(text) !== undefined, 'expected a ROR id, such as "02ap3w078"')
  .describe('The ROR id of the funder, bare or as an address.');

export const openaireAwardArgs = z.strictObject({
  funder_prefixes: z
    .record(prefix, rorId)
    .default({})
    .describe(
      'Funders by the prefix of their OpenAIRE ids, such as {"conicytf____": "02ap3w078"}; each adds to the built-in table or overrides it. Shorter prefixes are padded with underscores.',
    ),
});

export type OpenaireAwardArgs = z.infer<typeof openaireAwardArgs>;
