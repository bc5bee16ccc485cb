/** A SKOS concept as one record: what the reader `rdf` yields and the transformers of subjects take. JSON-safe. */

/** A text with the language it is in, in lower case (`en`, `zh-cn`). */
export interface SkosText {
  readonly value: string;
  readonly lang?: string;
}

/** A concept above another one. What the document does not describe has an id and a distance alone. */
export interface SkosAncestor {
  readonly id: string;
  /** The fewest steps of `broader` that lead to it: 1 = a parent. */
  readonly distance: number;
  readonly notation?: readonly string[];
  /** Without labels of more than 10,000 characters: the concept itself has them. */
  readonly prefLabel?: readonly SkosText[];
  /** `owl:deprecated` is true of it. */
  readonly deprecated?: boolean;
}

/** A value of any other property, as SPARQL results write it. */
export interface SkosValue {
  readonly type: 'uri' | 'bnode' | 'literal';
  readonly value: string;
  readonly 'xml:lang'?: string;
  readonly datatype?: string;
}

/** Keys without a value are left out, but for `id`, `types` and `ancestors`. Lists are in document order, without repeats. */
export interface SkosConcept {
  readonly id: string;
  /** The IRIs of its classes. */
  readonly types: readonly string[];
  /** Labels, those of SKOS-XL label resources included. */
  readonly prefLabel?: readonly SkosText[];
  readonly altLabel?: readonly SkosText[];
  readonly hiddenLabel?: readonly SkosText[];
  /** `rdfs:label`. */
  readonly label?: readonly SkosText[];
  readonly notation?: readonly string[];
  readonly definition?: readonly SkosText[];
  readonly scopeNote?: readonly SkosText[];
  readonly broader?: readonly string[];
  readonly narrower?: readonly string[];
  readonly related?: readonly string[];
  readonly inScheme?: readonly string[];
  /** The collections that have it as a `skos:member`. */
  readonly memberOf?: readonly string[];
  /** Everything above it, once each, the farthest first. */
  readonly ancestors: readonly SkosAncestor[];
  /** All other properties, by IRI. */
  readonly properties?: Readonly<Record<string, readonly SkosValue[]>>;
}

/** The lists of texts, of plain values and of links that a concept has keys for. */
export type TextKey = 'prefLabel' | 'altLabel' | 'hiddenLabel' | 'label' | 'definition' | 'scopeNote';
export type LinkKey = 'broader' | 'narrower' | 'related' | 'inScheme' | 'memberOf';
