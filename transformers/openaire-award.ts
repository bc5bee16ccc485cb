import { defineTransformer } from '../src/component/transformer.ts';
import { createAwardMapping } from './openaire-award/create-award-mapping.ts';
import { CURRENT_PROJECT, OLD_PROJECT } from './openaire-award/example-projects.ts';
import { openaireAwardArgs } from './openaire-award/openaire-award-args.ts';

export const openaireAward = defineTransformer({
  type: 'openaire-award',
  version: 1,
  summary: 'Maps projects of the OpenAIRE Graph to awards as InvenioRDM keeps them.',
  description: `Reads both published schemas: the current one (\`startDate\`, \`fundings\`, \`websiteUrl\`) and the one up to 2023
(\`startdate\`, \`funding\`, \`websiteurl\`, ids with \`40|\`). The first twelve characters of the id identify the funder. A project whose
funder is not in the table is rejected; \`funder_prefixes\` adds funders. Several projects of one funder with the same number are one award:
the last one counts, the others are duplicates.`,
  args: openaireAwardArgs,
  examples: [
    {
      title: 'A project of a funder that is not in the table, in the old schema',
      args: { funder_prefixes: { conicytf____: '02ap3w078' } },
      input: OLD_PROJECT,
      output: {
        id: '02ap3w078::1020683',
        number: '1020683',
        title: { en: 'Sintesis y caracterizacion de materiales' },
        program: 'FONDECYT',
        funder: { id: '02ap3w078' },
        start_date: '2002-01-15',
        end_date: '2006-01-15',
        identifiers: [{ identifier: 'http://repositorio.conicyt.cl/handle/10533/162452', scheme: 'url' }],
      },
    },
    {
      title: 'A project of the European Commission, in the current schema',
      args: {},
      input: CURRENT_PROJECT,
      output: {
        id: '00k4n6c32::696231',
        number: '696231',
        title: { en: 'European Research Area on Sustainable Animal Production Systems' },
        description: { en: 'Funding organisations from 22 European countries.' },
        acronym: 'SusAn',
        program: 'H2020',
        funder: { id: '00k4n6c32' },
        start_date: '2016-03-01',
        end_date: '2021-02-28',
        identifiers: [{ identifier: 'https://cordis.europa.eu/projects/696231', scheme: 'url' }],
      },
    },
  ],
  create: createAwardMapping,
});
