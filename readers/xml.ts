/** The records of an XML document, streamed. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { isElementName } from '../src/formats/xml/characters.ts';
import { parseXmlContent } from '../src/formats/xml/content.ts';
import { blankBefore } from '../src/formats/xml/encoding.ts';
import { readXmlRecords } from '../src/formats/xml/records.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { recordBytes } from './arguments/record-limits.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';

const argsSchema = z.strictObject({
  root_element: z
    .string()
    .refine(isElementName, 'expected the name of an element, such as "record"')
    .optional()
    .describe(
      'The name of the element that is a record, whatever its prefix and case. Without it the document is one record, under the name of its root element.',
    ),
  max_record_bytes: recordBytes,
  max_depth: z
    .int()
    .positive()
    .max(1000)
    .default(256)
    .describe('The most levels of elements in one record. A deeper one is rejected; real records have fewer than 20.'),
  max_attributes: z
    .int()
    .positive()
    .max(10_000)
    .default(500)
    .describe(
      'The most attributes of one element, namespaces included. A record with more is rejected; real ones have fewer than 50.',
    ),
  max_elements: z
    .int()
    .positive()
    .max(10_000_000)
    .default(500_000)
    .describe(
      'The most elements of one record. A record with more is rejected; each takes some hundred bytes of memory where it is kept.',
    ),
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const xml = defineReader<Args>({
  type: 'xml',
  version: 2,
  summary: 'The elements of one name in an XML document',
  description: `Names come in lower case and without prefix, an attribute as \`@name\`, text as \`#text\`; a repeated element is a list, a single one is not,
and an element with text alone is that text. Namespace declarations are left out. The declared encoding is honoured; entities of a document are never expanded.

A broken record is rejected and reading goes on behind its end tag. A document that is itself the record (a file of ORCID or CORDIS), or that cannot be read from its
beginning, is one rejection, so that the other files of an archive are read. A document of many records that is broken between them, or ends early, fails the run.`,
  args: argsSchema,
  examples: [
    { title: 'ORCID records', args: { root_element: 'record' } },
    { title: 'CORDIS projects', args: { root_element: 'project' } },
    { title: 'Each document is a record', args: {} },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
  readContent,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readXmlRecords(abortable(input.stream(), context.signal), {
    ...optionsOf(args, context),
    name: input.name,
    from: context.from,
    onBlank: () => {
      context.warn(blankBefore(input.name));
    },
    digest: input.content === undefined ? undefined : context.recognise?.(input.content).digest,
  });
}

/** A document that is the record and was read before, to the same bytes, is not looked into again. */
function readContent(content: Buffer, args: Args, context: ReadContext): readonly ReadItem[] | undefined {
  const recognised = context.recognise?.(content);
  if (recognised?.isKnown === true) {
    return [{ position: 0, value: undefined, digest: recognised.digest, isKnown: true }];
  }
  const found = parseXmlContent(content, optionsOf(args, context));
  if (found === undefined) return undefined;
  return [{ position: 0, value: found.value, ...(recognised === undefined ? {} : { digest: recognised.digest }) }];
}

function optionsOf(args: Args, { wanted }: ReadContext) {
  return {
    element: args.root_element,
    wanted,
    maxRecordBytes: args.max_record_bytes,
    maxDepth: args.max_depth,
    maxAttributes: args.max_attributes,
    maxElements: args.max_elements,
  };
}
