/** The first reading of an RDF document: which resources are concepts, in document order, and what they point to. */
import { RDF, SKOS, SKOS_XL, type RdfTriple } from '../rdf/terms.ts';

export interface SkosSurvey {
  /** By term key (see `keyOf`), in the order in which the document says that they are concepts. */
  readonly concepts: ReadonlyMap<string, number>;
  /** What is above something, by either direction, whatever its class: a way up may lead through it. */
  readonly parents: ReadonlySet<string>;
  /** SKOS-XL labels that something points to. */
  readonly labels: ReadonlySet<string>;
  /** How many resources of each class there are, of the first hundred classes. */
  readonly classes: ReadonlyMap<string, number>;
}

/** Blank nodes and IRIs never have the same key. */
export function keyOf(term: { readonly termType: string; readonly value: string }): string {
  return term.termType === 'BlankNode' ? `_:${term.value}` : term.value;
}

/** V8 cuts shorter texts out as copies. */
const SHORTEST_SLICE = 13;

/**
 * A copy for keeping. A text that a parser cuts out of its input keeps the whole input in memory: one label held 5 KB, and
 * a document was held in full although few of its texts were kept.
 */
export function ownText(text: string): string {
  return text.length < SHORTEST_SLICE ? text : (JSON.parse(JSON.stringify(text)) as string);
}

/** The size of a key with its place, in characters of two bytes. */
const OVERHEAD = 30;

const XL_LABELS: ReadonlySet<string> = new Set(['prefLabel', 'altLabel', 'hiddenLabel'].map((key) => SKOS_XL + key));

const TYPE = `${RDF}type`;
/** What leads up from the subject, and what leads up to it from the object. */
const UP: ReadonlySet<string> = new Set([`${SKOS}broader`, `${SKOS}broaderTransitive`]);
const DOWN: ReadonlySet<string> = new Set([`${SKOS}narrower`, `${SKOS}narrowerTransitive`]);
const MOST_CLASSES = 100;

export function createSurvey(types: ReadonlySet<string>): SkosSurvey & { add(triple: RdfTriple): number } {
  const concepts = new Map<string, number>();
  const parents = new Set<string>();
  const labels = new Set<string>();
  const classes = new Map<string, number>();
  return {
    concepts,
    parents,
    labels,
    classes,
    /** The characters that are held because of it. */
    add({ subject, predicate, object }) {
      if (XL_LABELS.has(predicate.value)) return addOnce(labels, keyOf(object));
      if (UP.has(predicate.value)) return object.termType === 'NamedNode' ? addOnce(parents, object.value) : 0;
      if (DOWN.has(predicate.value)) return subject.termType === 'NamedNode' ? addOnce(parents, subject.value) : 0;
      if (predicate.value !== TYPE) return 0;
      const seen = classes.get(object.value);
      if (seen !== undefined || classes.size < MOST_CLASSES)
        classes.set(seen === undefined ? ownText(object.value) : object.value, (seen ?? 0) + 1);
      const key = keyOf(subject);
      if (!types.has(object.value) || concepts.has(key)) return 0;
      concepts.set(ownText(key), concepts.size);
      return key.length + OVERHEAD;
    },
  };
}

function addOnce(keys: Set<string>, key: string): number {
  if (keys.has(key)) return 0;
  keys.add(ownText(key));
  return key.length + OVERHEAD;
}
