/** The terms of RDF as the parsers hand them on, and the names of the vocabularies that concepts are written in. */
import { DataFactory } from 'n3';

export interface RdfTerm {
  readonly termType: string;
  readonly value: string;
  /** The language of a literal, in lower case; '' if it has none. */
  readonly language?: string;
  readonly datatype?: { readonly value: string };
}

export interface RdfTriple {
  readonly subject: RdfTerm;
  readonly predicate: RdfTerm;
  readonly object: RdfTerm;
}

export type OnTriple = (triple: RdfTriple) => void;

/** A statement that is broken and was passed over. */
export interface BrokenLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}

export const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
export const RDFS = 'http://www.w3.org/2000/01/rdf-schema#';
export const SKOS = 'http://www.w3.org/2004/02/skos/core#';
export const SKOS_XL = 'http://www.w3.org/2008/05/skos-xl#';
export const XSD = 'http://www.w3.org/2001/XMLSchema#';

/**
 * Relative IRIs in a document without a base are resolved against this one, so that they are noticed at their position
 * and not at the end of the parser. Nothing is ever fetched from it: `.invalid` is reserved for this purpose (RFC
 * 2606).
 */
const NO_BASE = 'http://without-base.invalid/';

export function baseOf(baseIri: string | undefined): string {
  return baseIri ?? NO_BASE;
}

/** The IRI as it stood in the document, where it is relative and there was nothing to resolve it against. */
export function relativeIri(iri: string): string | undefined {
  return iri.startsWith(NO_BASE) ? iri.slice(NO_BASE.length) : undefined;
}

/** Blank nodes are numbered from 0 each time, so that two readings of one document name them alike. */
export function createTermFactory(): typeof DataFactory {
  let count = 0;
  return {
    ...DataFactory,
    blankNode: (name?: string) => DataFactory.blankNode(name ?? `unnamed-${String(count++)}`),
  };
}
