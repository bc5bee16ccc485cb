/** The SKOS concepts of an RDF document. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { RDF_SYNTAXES } from '../src/formats/rdf/syntax.ts';
import { blankBefore } from '../src/formats/xml/encoding.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';

const CONCEPT = 'http://www.w3.org/2004/02/skos/core#Concept';
/** MeSH's own RDF has no class of SKOS: these are its main headings. */
const MESH_HEADING = 'http://id.nlm.nih.gov/mesh/vocab#TopicalDescriptor';

const argsSchema = z.strictObject({
  format: z
    .enum(RDF_SYNTAXES)
    .optional()
    .describe(
      'The syntax. By default, the first bytes distinguish RDF/XML from Turtle, and the file extension `.nt` means N-Triples.',
    ),
  base_iri: z
    .url()
    .optional()
    .describe(
      'The base of relative IRIs, if the document has none. A concept with a relative name and no base is rejected.',
    ),
  types: z
    .array(z.url())
    .min(1)
    .default([CONCEPT, MESH_HEADING])
    .describe('The classes (IRIs) whose members become records. Everything else in the document only serves them.'),
  other_properties: z
    .boolean()
    .default(true)
    .describe(
      'Whether `properties` contains all other statements about a concept. Without it, MeSH needs a small part of the memory. For GEMET, which has few other statements, it makes no difference.',
    ),
  max_held_bytes: z
    .int()
    .positive()
    .default(512 * 1024 ** 2)
    .describe(
      'The maximum memory for the statements about concepts, counted roughly. It limits the memory of the reader. GEMET with its 29 languages takes 43 MiB. A worker allows at most a quarter of `VOCAB_SYNC_STEP_MEMORY`.',
    ),
  max_statement_bytes: z
    .int()
    .positive()
    .max(256 * 1024 ** 2)
    .default(16 * 1024 ** 2)
    .describe('The longest stretch without a complete statement. A longer one ends the run.'),
  max_depth: z
    .int()
    .positive()
    .max(10_000)
    .default(512)
    .describe(
      'The most levels of `skos:broader` above a concept. One with more is rejected; real thesauri have fewer than 20.',
    ),
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const rdf = defineReader<Args>({
  type: 'rdf',
  version: 2,
  summary: 'The SKOS concepts of an RDF/XML, Turtle or N-Triples document',
  description: `Each concept is one record: \`id\` (its IRI), \`types\`, the texts \`prefLabel\`, \`altLabel\`, \`hiddenLabel\`, \`label\`
(rdfs:label), \`definition\` and \`scopeNote\` as lists of \`{value, lang}\`, \`notation\`, the links \`broader\`, \`narrower\`, \`related\`,
\`inScheme\` and \`memberOf\` (collections with this member) as lists of IRIs, \`ancestors\`, and all other \`properties\` by IRI, their
values as in SPARQL results. Labels of SKOS-XL are among the plain ones. Keys without a value are omitted. \`ancestors\` are all concepts above it,
once each and the farthest first, as \`{id, distance, notation, prefLabel}\`, so that a transformer needs no other record. They are
found by \`broader\`, by \`narrower\` of the other concept, and without both by their transitive forms; a deprecated one has \`deprecated\`. Where \`broader\` forms a circle, the warning W_SKOS_CYCLE names the concept. TriG and N-Quads are refused, because a graph would lose its name.

Statements about a concept may be anywhere in a document, so it is read twice: first to find the concepts, then to read the statements about
them. Only these are kept in memory, at most \`max_held_bytes\`. A concept that is a blank node, or has a relative name without a base, is
rejected; a broken
line of N-Triples is one rejection. Broken RDF/XML or Turtle fails the run, because the text after the break cannot be trusted. Entities of a DOCTYPE are used as abbreviations only.`,
  args: argsSchema,
  examples: [
    { title: 'Without args', args: {} },
    { title: 'Another class than SKOS concepts', args: { types: ['http://id.nlm.nih.gov/mesh/vocab#SCR_Chemical'] } },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

/** The parsers of RDF take as long to load as the rest of a command, so they come when they are needed. */
async function* read(input: Resource, args: Args, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  const { readSkosConcepts } = await import('../src/formats/skos/concepts.ts');
  const { memoryBytes } = context.services;
  let isTold = false;
  const concepts = readSkosConcepts(() => abortable(input.stream(), context.signal), {
    name: input.name,
    from: context.from,
    syntax: args.format,
    baseIri: args.base_iri,
    types: args.types,
    hasOtherProperties: args.other_properties,
    maxHeldBytes: args.max_held_bytes,
    ...(memoryBytes === undefined ? {} : { processBytes: memoryBytes }),
    maxStatementBytes: args.max_statement_bytes,
    maxDepth: args.max_depth,
    // The document is read twice.
    onBlank: () => {
      if (!isTold) context.warn(blankBefore(input.name));
      isTold = true;
    },
    onCycle: (id) => {
      context.warn({
        code: 'W_SKOS_CYCLE',
        message: `The concept ${id} is above itself by skos:broader: it is not among its own ancestors.`,
      });
    },
    onRelativeLinks: (id, count) => {
      context.warn({
        code: 'W_RDF_RELATIVE_IRI',
        message: `Of the links of ${id}, ${String(count)} are relative IRIs in a document without a base: they are left out. Give the reader its "base_iri".`,
      });
    },
    onNoConcept: (classes) => {
      const found = [...classes].sort(([, a], [, b]) => b - a).slice(0, 10);
      const list = found.map(([type, count]) => `${type} (${String(count)})`).join(', ');
      context.warn({
        code: 'W_RDF_NO_CONCEPT',
        message: `${input.name} has no resource of the classes in "types", ${args.types.join(', ')}. The classes it has: ${list === '' ? 'none' : list}.`,
      });
    },
  });
  yield* abortable(concepts, context.signal);
}
