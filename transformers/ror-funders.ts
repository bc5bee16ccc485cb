import { defineTransformer } from '../src/component/transformer.ts';
import { createRorMapping } from './ror/create-ror-mapping.ts';
import { SNSF } from './ror/example-records.ts';
import { rorArgs } from './ror/ror-args.ts';

export const rorFunders = defineTransformer({
  type: 'ror-funders',
  version: 2,
  summary: 'Maps ROR records (schema v2) to funders as InvenioRDM keeps them.',
  description: `Every organisation becomes a funder, regardless of its types and status, as in InvenioRDM. A Crossref Funder id becomes
a DOI with the prefix 10.13039. Websites and domains are omitted, because the record schema of funders has no fields for them.`,
  args: rorArgs({ schemes: ['grid', 'gnd', 'isni', 'ror', 'doi'], doiPrefix: '10.13039' }),
  examples: [
    {
      title: 'A funder with its DOI',
      args: {},
      input: SNSF,
      output: {
        id: '00yjd3n13',
        name: 'Swiss National Science Foundation',
        acronym: 'FNS',
        aliases: ['National Science Foundation of Switzerland', 'SNF', 'SNSF'],
        title: {
          en: 'Swiss National Science Foundation',
          fr: 'Fonds national suisse de la recherche scientifique',
          it: 'Fondo Nazionale Svizzero per la Ricerca Scientifica',
        },
        status: 'active',
        types: ['funder', 'government'],
        country: 'CH',
        country_name: 'Switzerland',
        location_name: 'Bern',
        identifiers: [
          { identifier: '00yjd3n13', scheme: 'ror' },
          { identifier: '10.13039/501100001711', scheme: 'doi' },
          { identifier: 'grid.425888.b', scheme: 'grid' },
          { identifier: '0000000119570992', scheme: 'isni' },
        ],
      },
    },
  ],
  create: (args) => createRorMapping(args, { hasWeb: false }),
});
