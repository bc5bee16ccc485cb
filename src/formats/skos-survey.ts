/** The first reading of an RDF document: which resources are concepts, in document order, and which labels they point to. */
import { RDF, SKOS_XL, type RdfTriple } from './rdf-terms.ts';

export interface SkosSurvey {
  /** By term key (see `keyOf`), in the order in which the document says that they are concepts. */
  readonly concepts: ReadonlyMap<string, number>;
  /** SKOS-XL labels that something points to. */
  readonly labels: ReadonlySet<string>;
  /** How many resources of each class there are, of the first hundred classes. */
  readonly classes: ReadonlyMap<string, number>;
}

/** Blank nodes and IRIs never have the same key. */
export function keyOf(term: { readonly termType: string; readonly value: string }): string {
  return term.termType === 'BlankNode' ? `_:${term.value}` : term.value;
}

export const XL_LABELS: ReadonlySet<string> = new Set(
  ['prefLabel', 'altLabel', 'hiddenLabel'].map((key) => SKOS_XL + key),
);

const TYPE = `${RDF}type`;
const MOST_CLASSES = 100;

export function createSurvey(types: ReadonlySet<string>): SkosSurvey & { add(triple: RdfTriple): number } {
  const concepts = new Map<string, number>();
  const labels = new Set<string>();
  const classes = new Map<string, number>();
  return {
    concepts,
    labels,
    classes,
    /** The characters that are held because of it. */
    add({ subject, predicate, object }) {
      if (XL_LABELS.has(predicate.value)) {
        const key = keyOf(object);
        if (labels.has(key)) return 0;
        labels.add(key);
        return key.length;
      }
      if (predicate.value !== TYPE) return 0;
      const seen = classes.get(object.value);
      if (seen !== undefined || classes.size < MOST_CLASSES) classes.set(object.value, (seen ?? 0) + 1);
      const key = keyOf(subject);
      if (!types.has(object.value) || concepts.has(key)) return 0;
      concepts.set(key, concepts.size);
      return key.length;
    },
  };
}
