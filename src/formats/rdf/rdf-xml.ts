/**
 * The triples of an RDF/XML document, as they come. Not well-formed XML is a SourceError with its place. Entities of the
 * document are taken only where they abbreviate (short, plain, in the document itself), as OWL files use them for
 * namespaces; anything that could grow or fetch is refused.
 */
import { RdfXmlParser } from 'rdfxml-streaming-parser';
import { LimitError, SourceError, messageOf } from '../../errors.ts';
import { createTermFactory, type OnTriple } from './terms.ts';

export interface ParseRdfOptions {
  readonly name: string;
  readonly baseIri: string;
  readonly maxStatementChars: number;
  readonly onTriple: OnTriple;
}

/** A slice at a time, so that length is looked at before it has grown. */
const SLICE = 16 * 1024;
/** Elements within elements. Each statement takes two; nested collections of real documents stay below 20. */
const MAX_DEPTH = 1000;
const MAX_ENTITY_CHARS = 256;
/** With entities a document is longer than its bytes. */
const MAX_CHARS_WITH_ENTITIES = 1024 * 1024;

interface Parsing {
  /** Since the last statement. */
  chars: number;
  maxChars: number;
  failure: Error | undefined;
  /** By `onTriple`. */
  thrown: { readonly error: unknown } | undefined;
}

export async function parseRdfXml(chunks: AsyncIterable<string>, options: ParseRdfOptions): Promise<void> {
  const parser = new RdfXmlParser({
    baseIRI: options.baseIri,
    dataFactory: createTermFactory(),
    // An IRI with a space in it costs its link, not the document: see toIri.
    validateUri: false,
    trackPosition: true,
  });
  const state: Parsing = { chars: 0, maxChars: options.maxStatementChars, failure: undefined, thrown: undefined };
  parser.on('data', (triple: Parameters<OnTriple>[0]) => {
    state.chars = 0;
    // Never thrown from here: nobody would catch it.
    try {
      options.onTriple(triple);
    } catch (error) {
      state.thrown ??= { error };
    }
  });
  parser.on('error', (error: Error) => {
    state.failure ??= error;
  });
  try {
    watchDoctype(parser, state, options.name);
    watchDepth(parser, state, options.name);
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += SLICE) {
        const slice = chunk.slice(at, at + SLICE);
        await write(parser, slice);
        throwFailure(state, options.name);
        state.chars += slice.length;
        if (state.chars > state.maxChars) throw statementTooLong(options.name, state.maxChars);
      }
    }
    closeXml(parser);
    await end(parser);
    throwFailure(state, options.name);
  } finally {
    parser.destroy();
  }
}

function throwFailure({ thrown, failure }: Parsing, name: string): void {
  if (thrown !== undefined) throw thrown.error;
  if (failure !== undefined) throw notWellFormed(failure, name);
}

function write(parser: RdfXmlParser, text: string): Promise<void> {
  return new Promise((resolve) => {
    parser.write(text, () => {
      resolve();
    });
  });
}

/** What lies below the parser: it knows the end of a document, and what its DOCTYPE declares before it is used. */
interface SaxParser {
  close(): void;
  on(event: 'doctype', listener: (doctype: string) => void): void;
  on(event: 'opentag', listener: (tag: unknown) => void): void;
}

function saxParserOf(parser: RdfXmlParser): SaxParser {
  return (parser as unknown as { readonly saxParser: SaxParser }).saxParser;
}

/** The parser takes the end of its input for the end of the document. */
function closeXml(parser: RdfXmlParser): void {
  saxParserOf(parser).close();
}

function watchDoctype(parser: RdfXmlParser, state: Parsing, name: string): void {
  const { onDoctype } = parser as unknown as { onDoctype(doctype: string): void };
  saxParserOf(parser).on('doctype', (doctype) => {
    if (!hasPlainEntities(doctype)) {
      state.thrown ??= { error: entitiesRefused(name) };
      // Ends the parsing of this slice.
      throw new Error('its DOCTYPE is refused');
    }
    if (/<!ENTITY/i.test(doctype)) state.maxChars = MAX_CHARS_WITH_ENTITIES;
    onDoctype.call(parser, doctype);
  });
}

/** Resolves once everything was handed on, or something failed. */
function end(parser: RdfXmlParser): Promise<void> {
  return new Promise((resolve) => {
    parser.once('end', resolve);
    parser.once('error', () => {
      resolve();
    });
    parser.end();
  });
}

function watchDepth(parser: RdfXmlParser, state: Parsing, name: string): void {
  const { activeTagStack, onTag } = parser as unknown as {
    readonly activeTagStack: readonly unknown[];
    onTag(tag: unknown): void;
  };
  saxParserOf(parser).on('opentag', (tag) => {
    if (activeTagStack.length >= MAX_DEPTH) {
      state.thrown ??= { error: tooDeep(name) };
      throw new Error('it is nested too deep');
    }
    onTag.call(parser, tag);
  });
}

function tooDeep(name: string): LimitError {
  return new LimitError(
    'E_RDF_TOO_LARGE',
    `${name} should nest its elements at most ${String(MAX_DEPTH)} deep, but it nests them deeper. Report it to the source.`,
    { details: { resource: name, max_depth: MAX_DEPTH } },
  );
}

export function statementTooLong(name: string, maxChars: number): LimitError {
  return new LimitError(
    'E_RDF_TOO_LARGE',
    `${name} has more than ${String(maxChars)} characters in which no statement ends. Raise "max_statement_bytes" of the reader only for a source that you trust.`,
    { details: { resource: name, max_statement_bytes: maxChars } },
  );
}

function notWellFormed(error: unknown, name: string): SourceError {
  return new SourceError(
    'E_RDF_SYNTAX',
    `${name} should be well-formed RDF/XML, but it is not: ${messageOf(error)}. It may be truncated: fetch it again, or report it to the source.`,
    { cause: error, details: { resource: name } },
  );
}

/** Short, plain, and in the document itself. */
function hasPlainEntities(doctype: string): boolean {
  const values = [...doctype.matchAll(/<!ENTITY\s+(%?)\s*\S+\s+(?:"([^"]*)"|'([^']*)'|([^>]*))/gi)];
  return values.every(([, parameter, double, single]) => {
    const value = double ?? single;
    return parameter === '' && value !== undefined && value.length <= MAX_ENTITY_CHARS && !/[&%<]/.test(value);
  });
}

function entitiesRefused(name: string): SourceError {
  return new SourceError(
    'E_RDF_SYNTAX',
    `${name} should declare no entities but short abbreviations within its own DOCTYPE, but it declares others: they could grow without limit or fetch files. Report it to the source.`,
    { details: { resource: name } },
  );
}
