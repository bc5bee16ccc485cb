/** Used after a source whose records contain XML as text, such as OAI-PMH. */
import { z } from 'zod';
import { defineTransformer } from '../src/component/transformer.ts';
import { RecordError } from '../src/errors.ts';
import { isElementName } from '../src/formats/xml/characters.ts';
import { parseXmlDocument } from '../src/formats/xml/document.ts';
import { isJsonObject } from '../src/records/json-object.ts';

const args = z.strictObject({
  root_element: z
    .string()
    .refine(isElementName, 'expected the name of an element, such as "record"')
    .optional()
    .describe(
      'The name of the element that is the record, regardless of its prefix and case. If there are several, the first is used. Without it, the whole document is the record, under the name of its root element.',
    ),
});

export const xml = defineTransformer<z.infer<typeof args>>({
  type: 'xml',
  version: 2,
  summary: 'Parses the XML text of a record into an object.',
  description: `The value is the text itself, or an object with the text in \`record\`, as the reader \`oai-pmh\` yields it. The result has the same form as from the reader \`xml\`: names in lower
case and without prefix, attributes as \`@name\`, text as \`#text\`.`,
  args,
  examples: [
    {
      title: 'A record of OAI-PMH',
      args: { root_element: 'dc' },
      input: {
        record:
          '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"><dc:title>Tree</dc:title></oai_dc:dc>',
      },
      output: { title: 'Tree' },
    },
    {
      title: 'A plain text',
      args: {},
      input: '<term id="t1">Tree</term>',
      output: { term: { '@id': 't1', '#text': 'Tree' } },
    },
  ],
  create:
    ({ root_element }) =>
    (value) =>
      parseXmlDocument(requireBytes(value), root_element),
});

function requireBytes(value: unknown): Buffer {
  const found = isJsonObject(value) && !(value instanceof Uint8Array) ? value['record'] : value;
  if (typeof found === 'string') return Buffer.from(found);
  if (found instanceof Uint8Array) return Buffer.from(found);
  const what = isJsonObject(value)
    ? `an object with ${Object.keys(value).slice(0, 5).join(', ') || 'nothing'}`
    : typeof value;
  throw new RecordError(
    'E_RECORD_TYPE',
    `Expected the text of an XML document, or an object with it in "record", found ${what}.`,
  );
}
