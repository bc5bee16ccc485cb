/** Damaged projects and organizations of OpenAIRE. */
import { CURRENT_PROJECT, OLD_PROJECT } from '../../transformers/openaire-award/example-projects.ts';
import { openaireAward } from '../../transformers/openaire-award.ts';
import { openaireOrganization } from '../../transformers/openaire-organization.ts';
import { fuzzRecords, type FuzzCounts } from './fuzz-records.ts';

const ORGANIZATIONS = openaireOrganization.examples.map(({ input }) => input);

export function fuzzOpenaire(count: number, seed: number): FuzzCounts {
  const args = { funder_prefixes: { conicytf____: '02ap3w078' } };
  return fuzzRecords(
    [
      { transformer: openaireAward, args, sound: [CURRENT_PROJECT, OLD_PROJECT], schema: 'awards' },
      { transformer: openaireOrganization, sound: ORGANIZATIONS, schema: 'affiliation-identifiers' },
    ],
    count,
    seed,
  );
}
