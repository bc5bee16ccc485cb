import { defineTransformer } from '../src/component/transformer.ts';
import { ORCID_READS, createOrcidMapping } from './orcid/create-orcid-mapping.ts';
import { CARBERRY } from './orcid/example-record.ts';
import { tableFiles } from './orcid/organisation-ids.ts';
import { orcidArgs, type OrcidArgs } from './orcid/orcid-args.ts';

const names = {
  id: '0000-0002-1825-0097',
  given_name: 'Josiah',
  family_name: 'Carberry',
  identifiers: [{ identifier: '0000-0002-1825-0097', scheme: 'orcid' }],
};

export const orcid = defineTransformer<OrcidArgs>({
  type: 'orcid',
  version: 1,
  summary: 'Maps ORCID records (schema 2.0, 2.1 and 3.0) to names as InvenioRDM keeps them.',
  description: `The affiliations are the employments that have not ended on the day of the run, linked by their ROR id, or by a table for other ids. A given or a family
name is enough; a record with neither is rejected. Records that ORCID locked, deactivated or replaced, and people whose name \`names_exclude_regex\` excludes, are filtered with
their reason. It follows the reader \`xml\`, with or without \`root_element\`. Only the elements that it uses are then parsed.`,
  args: orcidArgs,
  reads: ORCID_READS,
  files: tableFiles,
  examples: [
    {
      title: 'A person with their open employments',
      args: {},
      input: CARBERRY,
      output: {
        ...names,
        affiliations: [{ id: '05gq02987', name: 'Brown University' }, { name: 'Harvard University' }],
      },
    },
    {
      title: 'Organisations to which ORCID gives another id than ROR',
      args: { org_id_to_affiliation_id: { GRID: { 'grid.38142.3c': '03vek6s52' } } },
      input: CARBERRY,
      output: {
        ...names,
        affiliations: [
          { id: '05gq02987', name: 'Brown University' },
          { id: '03vek6s52', name: 'Harvard University' },
        ],
      },
    },
  ],
  create: (args) => createOrcidMapping(args),
});
