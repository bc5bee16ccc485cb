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
      'People whose name matches this regular expression are filtered. A single character class may use `--` for differences, as in Python; any other expression uses RE2 syntax. The default excludes digits, emoji, and punctuation and symbols that do not occur in names. Null or an empty text keeps all people.',
    ),
  org_id_to_affiliation_id: z
    .record(z.string().min(1), z.record(z.string().min(1), z.string().min(1)))
    .optional()
    .describe(
      'Affiliations for organisations to which ORCID gives another id than ROR: by scheme (GRID, RINGGOLD, FUNDREF, LEI), then by id. It takes precedence over the file and over the ROR id.',
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
