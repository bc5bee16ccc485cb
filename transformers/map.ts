import { defineTransformer } from '../src/component/transformer.ts';
import { createMapping } from './map/create-mapping.ts';
import { mapArgs, tableFiles } from './map/map-args.ts';

export const map = defineTransformer({
  type: 'map',
  version: 1,
  summary: 'Builds a record from fields of another: JSON pointers, constants, templates and look-up tables.',
  description: `Each field of the result names where its value comes from. A value that is required and not there rejects the record, and
the rejection names the pointer. Fields come in the order in which they are written. Of a record that the source has deleted, only
what it still tells is mapped.`,
  args: mapArgs,
  examples: [
    {
      title: 'Pointers, a constant, a template and a table',
      args: {
        fields: {
          '/id': { template: 'local:{/code}' },
          '/title/en': { from: '/labels/0/text' },
          '/country': { from: '/country', table: { Austria: 'AT', Switzerland: 'CH' } },
          '/website': { from: '/homepage', required: false },
          '/status': { value: 'active' },
        },
      },
      input: { code: 17, labels: [{ text: 'Institute of Examples' }], country: 'Austria' },
      output: { id: 'local:17', title: { en: 'Institute of Examples' }, country: 'AT', status: 'active' },
    },
    {
      title: 'One field more, the others as they are',
      args: {
        unmapped: 'keep',
        fields: {
          '/identifiers/0/identifier': { from: '/ror', required: false },
          '/identifiers/0/scheme': { value: 'ror', when: '/ror' },
        },
      },
      input: { id: 'a1', name: 'TU Wien', ror: '04d836q62' },
      output: {
        id: 'a1',
        name: 'TU Wien',
        ror: '04d836q62',
        identifiers: [{ identifier: '04d836q62', scheme: 'ror' }],
      },
    },
  ],
  files: tableFiles,
  create: createMapping,
});
