import { defineTransformer } from '../src/component/transformer.ts';
import { createRorMapping } from './ror/create-ror-mapping.ts';
import { TU_WIEN, TU_WIEN_CORE } from './ror/example-records.ts';
import { rorArgs } from './ror/ror-args.ts';

export const rorAffiliations = defineTransformer({
  type: 'ror-affiliations',
  version: 2,
  summary: 'Maps ROR records (schema v2) to affiliations as InvenioRDM keeps them.',
  description: `Every organisation becomes an affiliation, regardless of its status. Identifiers are the ROR id, GRID and ISNI (16
characters without spaces). An invalid ISNI is dropped with a warning, and the record is kept. The records equal those of InvenioRDM except
for the differences in docs/compatibility.md.`,
  args: rorArgs({ schemes: ['grid', 'gnd', 'isni', 'ror', 'pic', 'edmo'] }),
  examples: [
    {
      title: 'An affiliation with its defaults',
      args: {},
      input: TU_WIEN,
      output: {
        ...TU_WIEN_CORE,
        website: 'https://www.tuwien.at',
        identifiers: [
          { identifier: '04d836q62', scheme: 'ror' },
          { identifier: 'grid.5329.d', scheme: 'grid' },
          { identifier: '0000000419370669', scheme: 'isni' },
        ],
      },
    },
  ],
  create: (args) => createRorMapping(args, { hasWeb: true }),
});
