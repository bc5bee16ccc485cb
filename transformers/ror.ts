import { defineTransformer } from '../src/component/transformer.ts';
import { createRorMapping } from './ror/create-ror-mapping.ts';
import { TU_WIEN, TU_WIEN_CORE } from './ror/example-records.ts';
import { rorArgs } from './ror/ror-args.ts';

export const ror = defineTransformer({
  type: 'ror',
  version: 2,
  summary: 'Maps ROR records (schema v2) to organisations, with the identifier schemes that the job names.',
  description: `The general form of \`ror-affiliations\` and \`ror-funders\`, for your own vocabulary. Without arguments, only the ROR id
is kept as an identifier. The record keeps the first location, the first website, and one label for each
language; the run fails at a record of ROR schema v1, and the error names the member of the dump with v2.`,
  args: rorArgs({ schemes: [] }),
  examples: [
    {
      title: 'Keep GRID and Wikidata identifiers',
      args: { vocab_schemes: ['grid', 'wikidata'] },
      input: TU_WIEN,
      output: {
        ...TU_WIEN_CORE,
        website: 'https://www.tuwien.at',
        identifiers: [
          { identifier: '04d836q62', scheme: 'ror' },
          { identifier: 'grid.5329.d', scheme: 'grid' },
          { identifier: 'Q689400', scheme: 'wikidata' },
        ],
      },
    },
  ],
  create: (args) => createRorMapping(args, { hasWeb: true }),
});
