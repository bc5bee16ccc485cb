/**
 * Reads the concept that the reader `rdf` yields. The value is checked, because another reader or a transformer may
 * come before.
 */
import { skip } from '../../src/component/transformer.ts';
import type { SkosAncestor, SkosText } from '../../src/formats/skos/concept.ts';
import { RecordError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { createFieldReader, describeValue } from '../../src/records/field-reader.ts';
import { isUrl } from '../../src/records/web-address.ts';

const { readText, readObject, readList, readTexts } = createFieldReader('SKOS concept');

export interface Concept {
  /** Its IRI. */
  readonly iri: string;
  readonly value: JsonObject;
}

export function requireConcept(value: unknown): Concept {
  if (!isJsonObject(value)) {
    throw new RecordError('E_RECORD_TYPE', `Expected a SKOS concept (a JSON object), found ${describeValue(value)}.`);
  }
  const found = value['id'];
  if (typeof found === 'string' && found.trim() !== '') return { iri: found.trim(), value };
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the IRI of the concept at /id, found ${describeValue(found)}. The reader "rdf" gives it.`,
  );
}

/** The texts of a key, trimmed, without blank ones. */
export function textsOf({ iri, value }: Concept, key: string): readonly SkosText[] {
  const list = value[key];
  if (list === undefined || list === null) return [];
  return readList(list, iri, key).flatMap((item, i) => {
    const entry = readObject(item, iri, key, i);
    const text = readText(entry['value'], iri, key, i, 'value');
    const lang = readText(entry['lang'], iri, key, i, 'lang');
    if (text === undefined) return [];
    return [lang === undefined ? { value: text } : { value: text, lang: lang.toLowerCase() }];
  });
}

export function linksOf({ iri, value }: Concept, key: string): readonly string[] {
  return readTexts(value[key], iri, key);
}

/** The farthest first, without deprecated ones: these are not published, so nothing may refer to them. */
export function ancestorsOf({ iri, value }: Concept): readonly Pick<SkosAncestor, 'id' | 'notation'>[] {
  const list = value['ancestors'];
  if (list === undefined || list === null) return [];
  return readList(list, iri, 'ancestors').flatMap((item, i) => {
    const entry = readObject(item, iri, 'ancestors', i);
    const id = readText(entry['id'], iri, 'ancestors', i, 'id');
    return id === undefined || entry['deprecated'] === true
      ? []
      : [{ id, notation: readTexts(entry['notation'], iri, 'ancestors', i, 'notation') }];
  });
}

/** The IRI where it is an address, such as no URN is. */
export function identifiersOf({ iri }: Concept): readonly { readonly scheme: string; readonly identifier: string }[] {
  return isUrl(iri) ? [{ scheme: 'url', identifier: iri }] : [];
}

/** Deprecated concepts are not published, by any of the transformers. */
export function skipDeprecated(concept: Concept): ReturnType<typeof skip> | undefined {
  return isDeprecated(concept) ? skip('deprecated', 'it is deprecated') : undefined;
}

/** `owl:deprecated` is true, in whatever case it is written. */
function isDeprecated({ iri, value }: Concept): boolean {
  const { properties } = value;
  if (properties === undefined || properties === null) return false;
  const key = 'http://www.w3.org/2002/07/owl#deprecated';
  const list = readObject(properties, iri, 'properties')[key];
  if (list === undefined) return false;
  return readList(list, iri, 'properties', key).some((item, i) => {
    const text = readText(readObject(item, iri, 'properties', key, i)['value'], iri, 'properties', key, i, 'value');
    return text !== undefined && /^(?:true|1)$/i.test(text);
  });
}
