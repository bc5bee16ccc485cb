/** The triples of a Turtle document, as they come, and of an N-Triples document, line by line. */
import { clip } from '../../clip.ts';
import { EventEmitter } from 'node:events';
import { Parser, type Quad } from 'n3';
import { SourceError, messageOf } from '../../errors.ts';
import { createTermFactory, type BrokenLine } from './terms.ts';
import { statementTooLong, type ParseRdfOptions } from './rdf-xml.ts';

/** Throws SourceError if the text is not Turtle: after a broken statement, the beginning of the next one is unknown. */
export async function parseTurtle(chunks: AsyncIterable<string>, options: ParseRdfOptions): Promise<void> {
  const parser = new Parser({ baseIRI: options.baseIri, factory: createTermFactory(), blankNodePrefix: '_:' });
  const text = new EventEmitter();
  const state = {
    chars: 0,
    failure: undefined as unknown,
    thrown: undefined as { readonly error: unknown } | undefined,
  };
  parser.parse(text, (error, triple) => {
    state.chars = 0;
    // Typed as absent or an error; it is null for a triple.
    if (error instanceof Error) state.failure ??= error;
    else if ((triple as unknown) !== null && state.thrown === undefined) hand(triple);
  });
  const hand = (triple: Quad): void => {
    try {
      if (triple.graph.termType !== 'DefaultGraph') throw hasGraphs(options.name);
      options.onTriple(triple);
    } catch (error) {
      state.thrown = { error };
    }
  };
  const emit = (event: 'data' | 'end', chunk?: string): void => {
    try {
      text.emit(event, chunk);
    } catch (error) {
      // The parser itself fails on some broken directives.
      state.failure ??= error;
    }
    if (state.thrown !== undefined) throw state.thrown.error;
    if (state.failure !== undefined) throw notTurtle(state.failure, options.name);
  };
  for await (const chunk of chunks) {
    state.chars += chunk.length;
    emit('data', chunk);
    if (state.chars > options.maxStatementChars) throw statementTooLong(options.name, options.maxStatementChars);
  }
  emit('end');
}

/** Which of several graphs is meant cannot be known: dropping their names could mix what was true with what is. */
function hasGraphs(name: string): SourceError {
  return new SourceError(
    'E_RDF_NOT_RDF',
    `${name} should be Turtle or N-Triples, but it has named graphs: it is TriG or N-Quads, which are not read. Convert the graph that you mean to Turtle, or ask the source for it.`,
    { details: { resource: name } },
  );
}

function notTurtle(error: unknown, name: string): SourceError {
  return new SourceError(
    'E_RDF_SYNTAX',
    `${name} should be Turtle, but it is broken: ${messageOf(error).replace(/\.$/, '')}. It may be truncated: fetch it again, or report it to the source.`,
    { cause: error, details: { resource: name } },
  );
}

/** A broken line loses only that line, and is reported to `onBroken`. */
export async function parseNTriples(
  chunks: AsyncIterable<string>,
  options: ParseRdfOptions & { readonly onBroken: (broken: BrokenLine) => void },
): Promise<void> {
  const parser = new Parser({ format: 'N-Triples', factory: createTermFactory(), blankNodePrefix: '_:' });
  let rest = '';
  let line = 1;
  const take = (text: string): void => {
    const lines = text.split(/\r\n|\n|\r/);
    if (!parseInto(parser, text, options)) {
      lines.forEach((statement, index) => {
        parseInto(parser, statement, options, (reason) => {
          options.onBroken({ line: line + index, reason, text: statement });
        });
      });
    }
    line += lines.length - 1;
  };
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf('\n') + 1;
    if (end > 0) {
      take(rest + chunk.slice(0, end));
      rest = '';
    }
    rest += chunk.slice(end);
    if (rest.length > options.maxStatementChars) throw statementTooLong(options.name, options.maxStatementChars);
  }
  parseInto(parser, rest, options, (reason) => {
    throw new SourceError(
      'E_RDF_SYNTAX',
      `${options.name} ends inside line ${String(line)}, which is no whole statement of N-Triples: ${reason}. It is truncated: fetch it again.`,
      { details: { resource: options.name, line } },
    );
  });
}

/** Whether a line is a statement of N-Quads with a graph. */
function isQuad(line: string): boolean {
  if (/[\r\n]/.test(line)) return false;
  try {
    return new Parser({ format: 'N-Quads' }).parse(line).some(({ graph }) => graph.termType !== 'DefaultGraph');
  } catch {
    // Not that either: the line is broken.
    return false;
  }
}

/** False where the text is broken; nothing of it was handed on then. */
function parseInto(
  parser: Parser,
  text: string,
  options: ParseRdfOptions,
  onError: (reason: string) => void = () => undefined,
): boolean {
  let triples;
  try {
    triples = parser.parse(text);
  } catch (error) {
    // Where the line is, is known better here.
    if (isQuad(text)) throw hasGraphs(options.name);
    onError(clip(messageOf(error), 300).replace(/( on line \d+)?\.$/, ''));
    return false;
  }
  for (const triple of triples) options.onTriple(triple);
  return true;
}
