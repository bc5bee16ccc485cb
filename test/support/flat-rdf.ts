/**
 * Concepts of RDF/XML that is written flat, as those of GEMET, EuroSciVoc and NVS are, picked out of the text by
 * patterns: a second opinion on what the reader makes of them. `rdf:about`, labels and links stand each in one element.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface FlatConcept {
  readonly prefLabels: { readonly value: string; readonly lang: string }[];
  readonly broader: string[];
  readonly notations: string[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const PART =
  /rdf:about="([^"]*)"|<skos:prefLabel(?: xml:lang="([^"]*)")?>([^<]*)<|<skos:broader rdf:resource="([^"]*)"|<skos:notation>([^<]*)</g;

export function readFlatRdf(path: string): ReadonlyMap<string, FlatConcept> {
  const bytes = readFileSync(path);
  return parseFlatRdf((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

export function parseFlatRdf(text: string): ReadonlyMap<string, FlatConcept> {
  const base = /xml:base="([^"]*)"/.exec(text)?.[1];
  const resolve = (iri = ''): string => new URL(plain(iri), base).href;
  const concepts = new Map<string, FlatConcept>();
  let concept: FlatConcept = { prefLabels: [], broader: [], notations: [] };
  for (const [, about, lang, label, broader, notation] of text.matchAll(PART)) {
    if (about !== undefined) concept = conceptOf(concepts, resolve(about));
    else if (label !== undefined) concept.prefLabels.push({ value: plain(label), lang: (lang ?? '').toLowerCase() });
    else if (broader !== undefined) concept.broader.push(resolve(broader));
    else concept.notations.push(plain(notation ?? ''));
  }
  return concepts;
}

function conceptOf(concepts: Map<string, FlatConcept>, iri: string): FlatConcept {
  const found = concepts.get(iri) ?? { prefLabels: [], broader: [], notations: [] };
  concepts.set(iri, found);
  return found;
}

function plain(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (ENTITIES[name ?? ''] ?? '') : String.fromCodePoint(Number(code)),
  );
}
