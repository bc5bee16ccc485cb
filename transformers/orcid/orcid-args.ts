/** The arguments of the transformer `orcid`. */
import { z } from 'zod';
import { DEFAULT_NAMES_EXCLUDE_REGEX, faultOfNameFilter } from './name-filter.ts';

export const orcidArgs = z.strictObject({
  names_exclude_regex: z
    .string()
    .superRefine((pattern, context) => {
      const fault = faultOfNameFilter(pattern);
      if (fault === undefined) return;
      const message = `expected one class of characters, or a regex in RE2 syntax: ${fault}`;
      context.addIssue({ code: 'custom', message });
    })
    .nullable()
    .default(DEFAULT_NAMES_EXCLUDE_REGEX)
    .describe(
      'People in whose name this regular expression is found are left out. One class of characters may use `--` for all but, as in Python; any other expression is in RE2 syntax. The default leaves out digits, emoji and all punctuation and symbols but those of names. Null or an empty text keeps everybody.',
    ),
  org_id_to_affiliation_id: z
    .record(z.string().min(1), z.record(z.string().min(1), z.string().min(1)))
    .optional()
    .describe(
      'Affiliations for organisations that ORCID knows by another id than ROR: by scheme (GRID, RINGGOLD, FUNDREF, LEI), then by id. It goes before the file, and before the ROR id.',
    ),
  org_id_to_affiliation_id_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The same as a CSV file on the machine of the worker, with the columns org_scheme, org_id and aff_id. A relative path starts at its working directory; a change of the file reads an unchanged source again.',
    ),
});

export type OrcidArgs = z.infer<typeof orcidArgs>;
