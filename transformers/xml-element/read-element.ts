/**
 * Elements as the `xml` reader gives them: an element is a text, an object with `@attribute`, `#text` and its children, or
 * null where it is empty; a repeated one is a list. Whatever is not there, or is of another form, is taken for absent.
 */
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';

/** Every element that the path leads to, in document order; a text is `{ '#text': text }`. */
export function elementsAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  return elementsBelow(value, path, 0);
}

/** As far as each element is there once, which is nearly always, nothing is made on the way. */
function elementsBelow(value: unknown, path: readonly string[], from: number): readonly JsonObject[] {
  let single = value;
  for (let i = from; i < path.length; i++) {
    const name = path[i] as string;
    if (Array.isArray(single)) return single.flatMap((each) => elementsBelow(each, path, i));
    if (!isJsonObject(single) || !Object.hasOwn(single, name)) return [];
    single = single[name];
  }
  return toElements(single);
}

/** The first text that the path leads to, trimmed; a blank one counts as absent. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  // Nearly always each element is there once, and its text is all that it has: millions of records are read this way.
  let single = value;
  for (const name of path) single = isJsonObject(single) && Object.hasOwn(single, name) ? single[name] : undefined;
  if (typeof single === 'string') return trimmedOf(single);
  for (const element of elementsAt(value, ...path)) {
    const text = textOf(element);
    if (text !== undefined) return text;
  }
  return undefined;
}

export function textOf(element: JsonObject): string | undefined {
  const text = element['#text'];
  if (typeof text === 'number') return String(text);
  return typeof text === 'string' ? trimmedOf(text) : undefined;
}

function trimmedOf(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === '' ? undefined : trimmed;
}

function toElements(value: unknown): readonly JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(toElements);
  if (isJsonObject(value)) return [value];
  return typeof value === 'string' || typeof value === 'number' ? [{ '#text': value }] : [];
}
