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
  failure: Error | undefined;
  /** By `onTriple`. */
  thrown: { readonly error: unknown } | undefined;
}

export async function parseRdfXml(chunks: AsyncIterable<string>, options: ParseRdfOptions): Promise<void> {
  const { name } = options;
  const parser = new GuardedParser(options);
  const state: Parsing = { chars: 0, failure: undefined, thrown: undefined };
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
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += SLICE) {
        const slice = chunk.slice(at, at + SLICE);
        await write(parser, slice);
        throwFailure(parser, state, name);
        state.chars += slice.length;
        const maxChars = parser.hasEntities ? MAX_CHARS_WITH_ENTITIES : options.maxStatementChars;
        if (state.chars > maxChars) throw statementTooLong(name, maxChars);
      }
    }
    await write(parser, PROBE);
    if (state.thrown === undefined && !parser.isComplete) {
      // Not with the error of the parser, which is about the probe.
      throw notWellFormed(new Error('it ends in the middle'), name);
    }
    // The probe itself is an error of the document.
    state.failure = undefined;
    await end(parser);
    throwFailure(parser, state, name);
  } finally {
    parser.destroy();
  }
}

function throwFailure({ refusal }: GuardedParser, { thrown, failure }: Parsing, name: string): void {
  if (thrown !== undefined) throw thrown.error;
  if (refusal !== undefined) throw refusal;
  if (failure !== undefined) throw notWellFormed(failure, name);
}

function write(parser: RdfXmlParser, text: string): Promise<void> {
  return new Promise((resolve) => {
    parser.write(text, () => {
      resolve();
    });
  });
}

/**
 * The parser takes the end of its input for the end of the document. A second root element finds the difference: the
 * parser reports it as an element only after the end of the first one, and not inside an unfinished comment or tag.
 */
const PROBE = '<end/>';

/** Passed on unread. Its type is in a package of the parser. */
type Tag = never;

/** Sees the elements and the DOCTYPE before the parser uses them, by the methods that it has for subclasses. */
class GuardedParser extends RdfXmlParser {
  readonly #name: string;
  #depth = 0;
  #isRootClosed = false;
  /** After the probe: whether the document ended before it. */
  isComplete = false;
  hasEntities = false;
  /** Why parsing stopped. */
  refusal: Error | undefined;

  constructor({ name, baseIri }: ParseRdfOptions) {
    super({
      baseIRI: baseIri,
      dataFactory: createTermFactory(),
      // An IRI with a space in it costs its link, not the document: see toIri.
      validateUri: false,
      trackPosition: true,
    });
    this.#name = name;
  }

  protected override onTag(tag: Tag): void {
    if (this.#isRootClosed) {
      this.isComplete = true;
      return;
    }
    if (this.#depth >= MAX_DEPTH) this.#refuse(tooDeep(this.#name));
    this.#depth += 1;
    super.onTag(tag);
  }

  protected override onCloseTag(): void {
    if (this.#isRootClosed) return;
    this.#depth -= 1;
    this.#isRootClosed = this.#depth === 0;
    super.onCloseTag();
  }

  protected override onDoctype(doctype: string): void {
    if (!hasPlainEntities(doctype)) this.#refuse(entitiesRefused(this.#name));
    this.hasEntities ||= /<!ENTITY/i.test(doctype);
    super.onDoctype(doctype);
  }

  /** Ends the parsing of this slice. */
  #refuse(refusal: Error): never {
    this.refusal ??= refusal;
    throw refusal;
  }
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
