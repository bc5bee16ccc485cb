/**
 * Yields the SKOS concepts of an RDF document as records. Statements about a concept may be anywhere in the document,
 * so it is read twice: first to find the concepts, then to read the statements about them. The names of the concepts
 * and labels, and the statements about the concepts, are kept in memory; everything else is skipped. Both are bounded.
 */
import { LimitError, RecordError } from '../../errors.ts';
import { RAW_LIMIT, type ReadFailure, type ReadItem } from '../../records/entry.ts';
import { createItemBatch } from '../bytes/item-batch.ts';
import { sniffRdfSyntax, type RdfSyntax } from '../rdf/syntax.ts';
import { baseOf, type BrokenLine, type OnTriple } from '../rdf/terms.ts';
import { openRdfText } from '../rdf/text.ts';
import { parseNTriples, parseTurtle } from '../rdf/turtle.ts';
import { parseRdfXml } from '../rdf/rdf-xml.ts';
import { toSkosItem } from './record.ts';
import { createStore } from './store.ts';
import { createSurvey, type SkosSurvey } from './survey.ts';

export interface SkosConceptsOptions {
  readonly name: string;
  readonly from: number;
  readonly syntax: RdfSyntax | undefined;
  readonly baseIri: string | undefined;
  /** The IRIs of the classes whose members are yielded. */
  readonly types: readonly string[];
  readonly hasOtherProperties: boolean;
  readonly maxHeldBytes: number;
  /** Memory that the process may hold. Bounds what is held as well. */
  readonly processBytes?: number;
  readonly maxStatementBytes: number;
  readonly maxDepth: number;
  onCycle(id: string): void;
  /** White space before an XML declaration was left out. */
  onBlank?: () => void;
  onRelativeLinks(id: string, count: number): void;
  /** There is no concept; `classes` are those that there are, with their numbers. */
  onNoConcept(classes: ReadonlyMap<string, number>): void;
}

/** Broken lines of N-Triples beyond these mean that it is something else. */
const MOST_BROKEN_LINES = 1000;

/** `open` gives the bytes from the start, each time. Positions: concepts in document order, then broken lines. */
export async function* readSkosConcepts(
  open: () => AsyncIterable<Buffer>,
  options: SkosConceptsOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const held = createMeter(options);
  const survey = createSurvey(new Set(options.types));
  const broken: BrokenLine[] = [];
  await parse(
    open(),
    options,
    (triple) => {
      held.add(survey.add(triple));
    },
    (line) => {
      keepBroken(broken, line, options);
    },
  );
  if (survey.concepts.size === 0) options.onNoConcept(survey.classes);
  const store = createStore(survey, options.hasOtherProperties);
  const hasBadBytes = await parse(
    open(),
    options,
    (triple) => {
      held.add(store.add(triple));
    },
    () => undefined,
  );
  yield* inBatches(survey, broken, options.from, (key, position) =>
    toSkosItem(key, position, { ...options, store, hasBadBytes }),
  );
}

function* inBatches(
  survey: SkosSurvey,
  broken: readonly BrokenLine[],
  from: number,
  toItem: (key: string, position: number) => ReadItem,
): Generator<readonly ReadItem[], void, undefined> {
  const batch = createItemBatch();
  for (const [key, position] of survey.concepts) {
    if (position >= from && batch.add(toItem(key, position), 0)) yield batch.take();
  }
  for (const [index, line] of broken.entries()) {
    const position = survey.concepts.size + index;
    if (position >= from && batch.add(toFailure(line, position), 0)) yield batch.take();
  }
  if (!batch.isEmpty) yield batch.take();
}

/** Parses a document. Returns whether bytes were found that are invalid in its encoding. */
async function parse(
  bytes: AsyncIterable<Buffer>,
  options: SkosConceptsOptions,
  onTriple: OnTriple,
  onBroken: (line: BrokenLine) => void,
): Promise<boolean> {
  const text = await openRdfText(bytes, options.name);
  const parsing = {
    name: options.name,
    baseIri: baseOf(options.baseIri),
    maxStatementChars: options.maxStatementBytes,
    onTriple,
  };
  // An empty document holds nothing: the engine decides what that means.
  if (text.start.trim() === '') return false;
  if (text.hasBlankStart) options.onBlank?.();
  const syntax = options.syntax ?? sniffRdfSyntax(text.start, options.name);
  if (syntax === 'rdf-xml') await parseRdfXml(text.chunks, parsing);
  else if (syntax === 'turtle') await parseTurtle(text.chunks, parsing);
  else await parseNTriples(text.chunks, { ...parsing, onBroken });
  return text.hasBadBytes();
}

/** What is held takes at least three times its counted bytes, and the program a third of the smallest process. */
const HELD_SHARE = 0.25;

function createMeter({ name, maxHeldBytes, processBytes }: SkosConceptsOptions): { add(chars: number): void } {
  const most = Math.min(maxHeldBytes, Math.floor((processBytes ?? Infinity) * HELD_SHARE));
  const isProcess = most < maxHeldBytes;
  const advice = isProcess
    ? `That is a quarter of VOCAB_SYNC_STEP_MEMORY, which bounds "max_held_bytes". Raise it where the worker runs`
    : 'Raise "max_held_bytes" of the reader';
  let bytes = 0;
  return {
    add(chars) {
      bytes += 2 * chars;
      if (bytes <= most) return;
      throw new LimitError(
        'E_RDF_TOO_LARGE',
        `The concepts of ${name} take more than ${String(most)} bytes of memory. ${advice}, only for a source that you trust.`,
        { details: { resource: name, max_held_bytes: most } },
      );
    },
  };
}

function keepBroken(broken: BrokenLine[], line: BrokenLine, { name }: SkosConceptsOptions): void {
  if (broken.length >= MOST_BROKEN_LINES) {
    throw new LimitError(
      'E_RDF_TOO_LARGE',
      `${name} should be N-Triples, but more than ${String(MOST_BROKEN_LINES)} of its lines are not, the last of them line ${String(line.line)}: ${line.reason}.`,
      { details: { resource: name, line: line.line } },
    );
  }
  broken.push({ ...line, text: line.text.slice(0, RAW_LIMIT) });
}

function toFailure({ line, reason, text }: BrokenLine, position: number): ReadFailure {
  const message = `Line ${String(line)} is not a statement of N-Triples: ${reason}. What it says is lost.`;
  return { position, error: new RecordError('E_RECORD_SYNTAX', message, { details: { line } }), raw: text };
}
