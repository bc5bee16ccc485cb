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
import { readSplit, splitArg } from './arguments/split.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';

const argsSchema = z.strictObject({
  root_element: z
    .string()
    .refine(isElementName, 'expected the name of an element, such as "record"')
    .optional()
    .describe(
      'The name of the element that is a record, regardless of its prefix and case. Without it, the document is one record, under the name of its root element.',
    ),
  split: splitArg,
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
      'The maximum number of elements in one record. A record with more is rejected. Each kept element takes some hundred bytes of memory.',
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
  description: `Names are in lower case and without prefix. An attribute is \`@name\`, and text is \`#text\`. A repeated element becomes a list, and an element
that contains only text becomes that text. Namespace declarations are omitted. The declared encoding is used. Entities of a document are never expanded.

A broken record is rejected, and reading continues after its end tag. A document that is itself the record (a file of ORCID or CORDIS), or that cannot be read from its
beginning, is one rejection, so that the other files of an archive are read. If a document of many records is broken between them or ends early, the run fails.`,
  args: argsSchema,
  examples: [
    { title: 'ORCID records', args: { root_element: 'record' } },
    { title: 'CORDIS projects', args: { root_element: 'project' } },
    {
      title: 'Several records in each element, with the rest of the element',
      args: { root_element: 'country', split: { list: '/organisation', parent: 'country' } },
    },
    { title: 'Each document is a record', args: {} },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
  readContent,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readSplit(args.split, context, (reading) => readElements(input, args, reading), { singleIsList: true });
}

function readElements(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
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
  if (args.split !== undefined) return undefined;
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
