/** The arguments of the three ROR transformers, as InvenioRDM names them, and `statuses`, which is ours. */
import { z } from 'zod';

const schemeName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]*$/, 'expected the name of an identifier scheme in lower case, such as "grid"');

/** A list of names, or InvenioRDM's mapping of names to their settings, of which the names count. */
const schemes = z.union([z.array(schemeName), z.record(schemeName, z.unknown())]);

const SCHEMES_TEXT =
  'Schemes of external identifiers that are kept; those of other schemes are left out. The ROR id itself is always kept.';
const PREFIX_TEXT =
  'Turns Crossref Funder ids (fundref) into DOIs of this prefix. Without it they are kept only where "fundref" is one of the schemes.';
const STATUSES_TEXT =
  'Statuses that are kept; records of another status are filtered, and so withdrawn where the writer withdraws what is missing. Without it all are kept, withdrawn organisations included.';

/** The schema for one transformer, with its defaults. */
export function rorArgs(defaults: { readonly schemes: readonly string[]; readonly doiPrefix?: string }) {
  return z.strictObject({
    vocab_schemes: schemes.default([...defaults.schemes]).describe(SCHEMES_TEXT),
    funder_fundref_doi_prefix: doiPrefix(defaults.doiPrefix),
    statuses: z
      .array(z.enum(['active', 'inactive', 'withdrawn']))
      .min(1)
      .optional()
      .describe(STATUSES_TEXT),
  });
}

export type RorArgs = z.infer<ReturnType<typeof rorArgs>>;

export function schemeNames({ vocab_schemes }: RorArgs): readonly string[] {
  return Array.isArray(vocab_schemes) ? vocab_schemes : Object.keys(vocab_schemes);
}

function doiPrefix(preset: string | undefined) {
  const prefix = z
    .string()
    .regex(/^10\.\d{4,9}$/, 'expected the prefix of a DOI, such as "10.13039"')
    .describe(PREFIX_TEXT);
  return preset === undefined ? prefix.optional() : prefix.default(preset).optional();
}
