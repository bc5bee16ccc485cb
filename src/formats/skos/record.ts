/** Makes the record that is yielded from the statements about a concept. */
import { quote } from '../../clip.ts';
import { RecordError } from '../../errors.ts';
import { RAW_LIMIT, type ReadItem } from '../../records/entry.ts';
import { relativeIri } from '../rdf/terms.ts';
import type { LinkKey, SkosAncestor, SkosConcept, SkosText, TextKey } from './concept.ts';
import { MOST_VALUES, isDeprecated, parentsOf, type HeldConcept, type SkosStore } from './store.ts';

export interface SkosRecordOptions {
  readonly store: SkosStore;
  readonly maxDepth: number;
  /** Some bytes of the document were not of its encoding: texts with U+FFFD in them are not what the source wrote. */
  readonly hasBadBytes: boolean;
  onCycle(id: string): void;
  onRelativeLinks(id: string, count: number): void;
}

const TEXT_KEYS: readonly TextKey[] = ['prefLabel', 'altLabel', 'hiddenLabel', 'label', 'definition', 'scopeNote'];
const LINK_KEYS: readonly LinkKey[] = ['broader', 'narrower', 'related', 'inScheme', 'memberOf'];

export function toSkosItem(key: string, position: number, options: SkosRecordOptions): ReadItem {
  const fail = (error: RecordError): ReadItem => ({ position, error, raw: key.slice(0, RAW_LIMIT) });
  const held = options.store.get(key);
  const relative = relativeIri(key);
  if (key.startsWith('_:')) return fail(unnamed(position));
  if (relative !== undefined) return fail(relativeName(relative));
  if (held === undefined) return fail(new RecordError('E_RECORD_SYNTAX', `Nothing is said of the concept ${key}.`));
  if (held.crowded !== undefined) return fail(tooMany(key, held.crowded));
  const ancestors = findAncestors(key, (id) => parentsOf(id, options.store), options.maxDepth);
  if (ancestors.isTooDeep) return fail(tooDeep(key, options.maxDepth));
  if (ancestors.isInCycle) options.onCycle(key);
  if (held.relative > 0) options.onRelativeLinks(key, held.relative);
  const value = toConcept(
    key,
    held,
    options.store,
    ancestors.found.map((found) => describe(found, options.store)),
  );
  if (options.hasBadBytes && JSON.stringify(value).includes('\ufffd')) return fail(badText(key));
  return { position, value };
}

function toConcept(id: string, held: HeldConcept, store: SkosStore, ancestors: readonly SkosAncestor[]): SkosConcept {
  const concept: Record<string, unknown> = { id, types: [...held.types] };
  for (const key of TEXT_KEYS) {
    const texts = textsOf(held, key, store);
    if (texts.length > 0) concept[key] = texts;
    if (key === 'label' && held.notation.size > 0) concept['notation'] = [...held.notation];
  }
  for (const key of LINK_KEYS) {
    const links = held.links.get(key);
    if (links !== undefined) concept[key] = [...links];
  }
  concept['ancestors'] = ancestors;
  if (held.properties.size > 0) concept['properties'] = Object.fromEntries(held.properties);
  return concept as unknown as SkosConcept;
}

/**
 * The plain labels, and the SKOS-XL labels that are not among them. If only one is used for a language, it is the plain
 * one.
 */
function textsOf(held: HeldConcept, key: TextKey, store: SkosStore): readonly SkosText[] {
  const plain = held.texts.get(key) ?? [];
  const labels = held.xlLabels.get(key);
  if (labels === undefined) return plain;
  const known = new Set(plain.map(({ value, lang }) => `${lang ?? ''} ${value}`));
  const named = [...labels].flatMap((label) => store.labelsOf(label));
  const further = named.filter(({ value, lang }) => !known.has(`${lang ?? ''} ${value}`));
  // If there are several preferred labels, the last one counts; if there are several alternative ones, the first.
  return key === 'prefLabel' ? [...further, ...plain] : [...plain, ...further];
}

/** Characters. Each ancestor is repeated in everything below it; a real label has fewer than 500. */
const LONGEST_ANCESTOR_LABEL = 10_000;

function describe(
  { id, distance }: { readonly id: string; readonly distance: number },
  store: SkosStore,
): SkosAncestor {
  const held = store.get(id);
  if (held === undefined) return { id, distance };
  const prefLabel = textsOf(held, 'prefLabel', store).filter(({ value }) => value.length <= LONGEST_ANCESTOR_LABEL);
  return {
    id,
    distance,
    ...(held.notation.size > 0 ? { notation: [...held.notation] } : {}),
    ...(prefLabel.length > 0 ? { prefLabel } : {}),
    ...(isDeprecated(held) ? { deprecated: true } : {}),
  };
}

function unnamed(position: number): RecordError {
  return new RecordError(
    'E_RECORD_NO_ID',
    `Concept ${String(position)} should be named by an IRI, but it is a blank node: it has no name outside of its document.`,
  );
}

function relativeName(iri: string): RecordError {
  return new RecordError(
    'E_RECORD_RELATIVE_IRI',
    `A concept should be named by an absolute IRI, but ${quote(iri)} is relative and the document names no base (xml:base, @base). Give the reader its "base_iri".`,
    { details: { iri } },
  );
}

function tooMany(id: string, property: string): RecordError {
  return new RecordError(
    'E_RECORD_TOO_LARGE',
    `The concept ${id} has more than ${String(MOST_VALUES)} values of <${property}>.`,
    { details: { id, property } },
  );
}

function tooDeep(id: string, maxDepth: number): RecordError {
  return new RecordError(
    'E_RECORD_TOO_DEEP',
    `The concept ${id} has more levels above it than max_depth, ${String(maxDepth)}, or more than 10,000 concepts.`,
    { details: { id, max_depth: maxDepth } },
  );
}

function badText(id: string): RecordError {
  return new RecordError(
    'E_RECORD_SYNTAX',
    `The concept ${id} holds bytes that are not of the encoding of its document. Report it to the source.`,
    { details: { id } },
  );
}

interface FoundAncestor {
  readonly id: string;
  readonly distance: number;
}

interface Ancestors {
  /** Once each, the farthest first; those of one distance in the order of the statements. */
  readonly found: readonly FoundAncestor[];
  /** The concept is above itself. */
  readonly isInCycle: boolean;
  /** There are more levels, or more ancestors, than are allowed. */
  readonly isTooDeep: boolean;
}

/** A concept of a real thesaurus has fewer than a hundred (GEMET: at most 17). */
const MOST_ANCESTORS = 10_000;

/**
 * Finds everything above a concept by `skos:broader`: a search in breadth, so that cycles and many paths cost nothing.
 */
function findAncestors(id: string, broaderOf: (id: string) => Iterable<string>, maxDepth: number): Ancestors {
  const levels: FoundAncestor[][] = [];
  const seen = new Set<string>();
  let isInCycle = false;
  let level: readonly string[] = [id];
  for (let distance = 1; level.length > 0; distance++) {
    const next: FoundAncestor[] = [];
    for (const child of level) {
      for (const parent of broaderOf(child)) {
        if (parent === id) isInCycle = true;
        else if (!seen.has(parent)) {
          seen.add(parent);
          next.push({ id: parent, distance });
        }
      }
    }
    if (seen.size > MOST_ANCESTORS || (distance > maxDepth && next.length > 0)) {
      return { found: [], isInCycle, isTooDeep: true };
    }
    levels.push(next);
    level = next.map((ancestor) => ancestor.id);
  }
  return { found: levels.reverse().flat(), isInCycle, isTooDeep: false };
}
