/**
 * The second reading of an RDF document: what it says of each concept, held until the end, as it may say it anywhere.
 */
import { RDF, RDFS, SKOS, SKOS_XL, XSD, relativeIri, type RdfTerm, type RdfTriple } from '../rdf/terms.ts';
import type { LinkKey, SkosText, SkosValue, TextKey } from './concept.ts';
import { keyOf, ownText, type SkosSurvey } from './survey.ts';

/** The facts that are known so far about a concept or one of its ancestors. */
export interface HeldConcept {
  readonly types: Set<string>;
  readonly texts: Map<TextKey, SkosText[]>;
  readonly notation: Set<string>;
  readonly links: Map<LinkKey, Set<string>>;
  /** What says that it is narrower: parents, though `broader` is not there. */
  readonly above: Set<string>;
  /** By the transitive properties: parents, or what is above them. */
  readonly farAbove: Set<string>;
  /** SKOS-XL labels by the kind of label they are. */
  readonly xlLabels: Map<TextKey, Set<string>>;
  readonly properties: Map<string, SkosValue[]>;
  /** Links that were left out because they are relative. */
  relative: number;
  /** A property of which it has more values than are kept. */
  crowded: string | undefined;
}

export interface SkosStore {
  /** The characters that are held because of it. */
  add(triple: RdfTriple): number;
  get(key: string): HeldConcept | undefined;
  labelsOf(key: string): readonly SkosText[];
}

const TEXTS: ReadonlyMap<string, TextKey> = new Map<string, TextKey>([
  [`${SKOS}prefLabel`, 'prefLabel'],
  [`${SKOS}altLabel`, 'altLabel'],
  [`${SKOS}hiddenLabel`, 'hiddenLabel'],
  [`${RDFS}label`, 'label'],
  [`${SKOS}definition`, 'definition'],
  [`${SKOS}scopeNote`, 'scopeNote'],
]);
const LINKS: ReadonlyMap<string, LinkKey> = new Map<string, LinkKey>([
  [`${SKOS}broader`, 'broader'],
  [`${SKOS}narrower`, 'narrower'],
  [`${SKOS}related`, 'related'],
  [`${SKOS}inScheme`, 'inScheme'],
  // SKOS defines it as a kind of inScheme.
  [`${SKOS}topConceptOf`, 'inScheme'],
]);
const LABELS_XL: ReadonlyMap<string, TextKey> = new Map<string, TextKey>([
  [`${SKOS_XL}prefLabel`, 'prefLabel'],
  [`${SKOS_XL}altLabel`, 'altLabel'],
  [`${SKOS_XL}hiddenLabel`, 'hiddenLabel'],
]);

/** What tells whether a concept is still in use is held in any case. */
const DEPRECATED = 'http://www.w3.org/2002/07/owl#deprecated';
const KEPT: ReadonlySet<string> = new Set([DEPRECATED]);

/** What an object and its place in a list take, in characters of two bytes. */
const OVERHEAD = 60;
/** Texts or other values of one property. Each is compared with those before it; links are not counted. */
export const MOST_VALUES = 2000;

export function createStore(survey: SkosSurvey, hasOtherProperties: boolean): SkosStore {
  const held = new Map<string, HeldConcept>();
  const labels = new Map<string, SkosText[]>();
  const conceptOf = (key: string): HeldConcept => {
    let concept = held.get(key);
    if (concept === undefined) {
      concept = emptyConcept();
      held.set(ownText(key), concept);
    }
    return concept;
  };
  return {
    add({ subject, predicate, object }) {
      const key = keyOf(subject);
      let size = 0;
      if (survey.concepts.has(key) || survey.parents.has(key)) {
        size += addTo(conceptOf(key), predicate.value, object, hasOtherProperties);
      }
      if (predicate.value === `${SKOS_XL}literalForm` && survey.labels.has(key))
        size += addText(listOf(labels, key), object);
      if (predicate.value === `${SKOS}member` && survey.concepts.has(keyOf(object))) {
        size += addLink(conceptOf(keyOf(object)), 'memberOf', subject);
      }
      const isHeld = survey.concepts.has(keyOf(object)) || survey.parents.has(keyOf(object));
      return isHeld ? size + addInverse(conceptOf(keyOf(object)), predicate.value, subject) : size;
    },
    get: (key) => held.get(key),
    labelsOf: (key) => labels.get(key) ?? [],
  };
}

function emptyConcept(): HeldConcept {
  return {
    types: new Set(),
    texts: new Map(),
    notation: new Set(),
    links: new Map(),
    above: new Set(),
    farAbove: new Set(),
    xlLabels: new Map(),
    properties: new Map(),
    relative: 0,
    crowded: undefined,
  };
}

function addTo(concept: HeldConcept, predicate: string, object: RdfTerm, hasOthers: boolean): number {
  const text = TEXTS.get(predicate);
  const list = text === undefined ? concept.properties.get(predicate) : concept.texts.get(text);
  if (list !== undefined && list.length >= MOST_VALUES) {
    concept.crowded = predicate;
    return 0;
  }
  if (text !== undefined && object.termType === 'Literal') return addText(listOf(concept.texts, text), object);
  const link = LINKS.get(predicate);
  if (link !== undefined) return addLink(concept, link, object);
  if (predicate === `${SKOS}broaderTransitive` && object.termType === 'NamedNode') {
    if (relativeIri(object.value) === undefined) addOnce(concept.farAbove, object.value);
  }
  const kind = LABELS_XL.get(predicate);
  if (kind !== undefined && object.termType !== 'Literal') return addOnce(setOf(concept.xlLabels, kind), keyOf(object));
  if (predicate === `${RDF}type`) return addOnce(concept.types, object.value);
  if (predicate === `${SKOS}notation`) return addOnce(concept.notation, object.value.trim());
  return hasOthers || KEPT.has(predicate) ? addValue(listOf(concept.properties, predicate), object) : 0;
}

/** What a statement about another resource says of its object. */
function addInverse(concept: HeldConcept, predicate: string, subject: RdfTerm): number {
  if (subject.termType !== 'NamedNode' || relativeIri(subject.value) !== undefined) return 0;
  if (predicate === `${SKOS}narrower`) return addOnce(concept.above, subject.value);
  if (predicate === `${SKOS}narrowerTransitive`) return addOnce(concept.farAbove, subject.value);
  return predicate === `${SKOS}hasTopConcept` ? addLink(concept, 'inScheme', subject) : 0;
}

function addOnce(set: Set<string>, value: string): number {
  if (value === '' || set.has(value)) return 0;
  set.add(ownText(value));
  return value.length + OVERHEAD;
}

function addText(list: SkosText[], { value, language }: RdfTerm): number {
  const lang = language === undefined || language === '' ? undefined : language.toLowerCase();
  if (list.some((other) => other.value === value && other.lang === lang)) return 0;
  const own = ownText(value);
  list.push(lang === undefined ? { value: own } : { value: own, lang });
  return value.length + OVERHEAD;
}

/** A link to a blank node says nothing outside of its document; one that is relative leads nowhere. */
function addLink(concept: HeldConcept, key: LinkKey, target: RdfTerm): number {
  if (target.termType !== 'NamedNode') return 0;
  if (relativeIri(target.value) !== undefined) {
    concept.relative++;
    return 0;
  }
  return addOnce(setOf(concept.links, key), target.value);
}

function addValue(list: SkosValue[], object: RdfTerm): number {
  const value = toValue(object);
  const isSame = (other: SkosValue): boolean =>
    other.type === value.type &&
    other.value === value.value &&
    other['xml:lang'] === value['xml:lang'] &&
    other.datatype === value.datatype;
  if (list.some(isSame)) return 0;
  list.push({ ...value, value: ownText(value.value) });
  return value.value.length + OVERHEAD;
}

function toValue({ termType, value, language, datatype }: RdfTerm): SkosValue {
  if (termType === 'NamedNode') return { type: 'uri', value };
  if (termType !== 'Literal') return { type: 'bnode', value };
  if (language !== undefined && language !== '') return { type: 'literal', value, 'xml:lang': language.toLowerCase() };
  const isPlain = datatype === undefined || datatype.value === `${XSD}string`;
  return isPlain ? { type: 'literal', value } : { type: 'literal', value, datatype: ownText(datatype.value) };
}

/**
 * The parents: by `broader` and `narrower`, else by the transitive properties, without what is above another of them.
 */
export function parentsOf(key: string, store: SkosStore): readonly string[] {
  const held = store.get(key);
  if (held === undefined) return [];
  const direct = new Set([...(held.links.get('broader') ?? []), ...held.above]);
  if (direct.size > 0 || held.farAbove.size === 0) return [...direct];
  const all = [...held.farAbove];
  const isAboveOther = (id: string): boolean => {
    return all.some((other) => other !== id && store.get(other)?.farAbove.has(id) === true);
  };
  const nearest = all.filter((id) => !isAboveOther(id));
  return nearest.length > 0 ? nearest : all;
}

/** `owl:deprecated` is true, in whatever case and with whatever datatype it is written. */
export function isDeprecated({ properties }: HeldConcept): boolean {
  return properties.get(DEPRECATED)?.some(({ value }) => /^(?:true|1)$/i.test(value.trim())) === true;
}

function listOf<K extends string, T>(map: Map<K, T[]>, key: K): T[] {
  let list = map.get(key);
  if (list === undefined) {
    list = [];
    map.set(ownText(key) as K, list);
  }
  return list;
}

function setOf<K>(map: Map<K, Set<string>>, key: K): Set<string> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}
