import { z } from 'zod';
import { defineTransformer } from '../src/component/transformer.ts';
import { mapOrganization } from './openaire-organization/map-organization.ts';

export const openaireOrganization = defineTransformer({
  type: 'openaire-organization',
  version: 1,
  summary: 'Maps organizations of the OpenAIRE Graph to the PICs that they add to affiliations.',
  description: `Only organizations that OpenOrgs has curated (\`openorgs____::\`) and that have a ROR id become records. The ROR id is the
id of the record, and the PIC of the European Commission, if there is one, is its identifier. The others are filtered. Both published
schemas are read:
\`pids\` of the current one, \`pid\` and ids with \`20|\` of the one up to 2023.`,
  args: z.strictObject({}),
  examples: [
    {
      title: 'An organization with a PIC',
      args: {},
      input: {
        legalName: 'University of Malaya',
        id: 'openorgs____::2cefdfb8a9fdd75b12de896b17166415',
        pids: [
          { scheme: 'ROR', value: 'https://ror.org/00rzspn62' },
          { scheme: 'PIC', value: 'PIC:998557674' },
        ],
      },
      output: { id: '00rzspn62', identifiers: [{ identifier: '998557674', scheme: 'pic' }] },
    },
  ],
  create: () => mapOrganization,
});
