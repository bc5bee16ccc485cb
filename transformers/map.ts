import { defineTransformer } from '../src/component/transformer.ts';
import { createMapping } from './map/create-mapping.ts';
import { mapArgs, tableFiles } from './map/map-args.ts';

export const map = defineTransformer({
  type: 'map',
  version: 2,
  summary: 'Builds a record from another: pointers, queries, languages, conversions, tables, lists of objects.',
  description: `Each field of the result names where its value comes from: a pointer (\`from\`), a query in JMESPath (\`query\`), a constant or a
template. Then, in this order, one of several texts is chosen by its language, the value is converted, the items of a list are mapped
(\`each\`), and the result is looked up in a table. A record is rejected if a required value is missing or a conversion does not accept a value. The rejection names the field, what was expected and
what was found. Fields come in the order in which they are written. For a record that the source has deleted, only the values that it still holds are mapped.

If a pointer, query, pattern or choice of languages selects nothing in any record of a run, the run warns (\`W_SELECTED_NOTHING\`).
Every query and pattern takes time in proportion to the size of the record. See \`keep-where\` for the language. In addition, queries
here may make lists and objects of fields, which repeat a record at most 64 times.`,
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
      title: 'Labels by language, a list of objects, and conversions',
      args: {
        fields: {
          '/id': { from: '/@id', convert: [{ type: 'replace', pattern: '^https?://[^/]+/', with: 'term:' }] },
          '/title/en': { from: '/labels', language: { prefer: ['en'] } },
          '/synonyms': { query: 'groups[].names[]', required: false, convert: [{ type: 'unique' }] },
          '/identifiers': {
            from: '/same_as',
            required: false,
            each: {
              '/scheme': { from: '/type', convert: [{ type: 'case', to: 'lower' }] },
              '/identifier': { from: '/id' },
            },
          },
          '/area': { from: '/area', convert: [{ type: 'number', decimal: ',', grouping: '.' }] },
          '/since': { from: '/since', convert: [{ type: 'date', from: ['DD.MM.YYYY', 'YYYY'] }] },
        },
      },
      input: {
        '@id': 'https://example.org/17',
        labels: [
          { value: 'Magmatit', lang: 'de' },
          { value: 'igneous rock', lang: 'en' },
        ],
        groups: [{ names: ['magmatic rock', 'igneous rocks'] }, { names: ['magmatic rock'] }],
        same_as: [{ type: 'GND', id: '4036842-8' }],
        area: '1.234,50',
        since: '31.01.1998',
      },
      output: {
        id: 'term:17',
        title: { en: 'igneous rock' },
        synonyms: ['magmatic rock', 'igneous rocks'],
        identifiers: [{ scheme: 'gnd', identifier: '4036842-8' }],
        area: 1234.5,
        since: '1998-01-31',
      },
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
