/**
 * Records that several jobs make together: the base is the whole record of one job, a layer is a part of it that another
 * job owns. In a record that a layer knows, the places of the layer hold the values of the layer and nothing else. A record
 * that it does not know is the base alone. So the result depends on the sources and not on the order of the runs.
 */
import type { Document } from './document.ts';
import { getOwn, isJsonObject, setOwn, type JsonObject } from './json-object.ts';

export interface Layer {
  readonly name: string;
  /** Places such as `/subjects`, `/title/de` or `/identifiers[scheme=pic]`; see OWNED_PLACE. */
  readonly owns: readonly string[];
}

/** A JSON pointer, or a pointer to a list followed by a condition: the items whose field has this text. */
export const OWNED_PLACE = /^(?:\/[^/[\]=]+)+(?:\[[^/[\]=]+=[^[\]]+\])?$/;

interface Place {
  readonly steps: readonly string[];
  /** For a list: only the items with this text in this field. */
  readonly where: { readonly field: string; readonly text: string } | undefined;
}

function parsePlace(written: string): Place {
  const [pointer = '', condition] = written.split(/\[(.*)\]$/);
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const at = condition?.indexOf('=') ?? -1;
  const where = condition === undefined ? undefined : { field: condition.slice(0, at), text: condition.slice(at + 1) };
  return { steps, where };
}

/** Returns whether a record could have a value in both places, so that two jobs would own the same value. */
export function placesMeet(one: string, other: string): boolean {
  const [short, long] = [parsePlace(one), parsePlace(other)].sort((a, b) => a.steps.length - b.steps.length);
  if (short === undefined || long === undefined || !short.steps.every((step, i) => step === long.steps[i]))
    return false;
  if (short.steps.length < long.steps.length) return true;
  const [a, b] = [short.where, long.where];
  return a === undefined || b === undefined || a.field !== b.field || a.text === b.text;
}

/** Why two jobs cannot have these layers in one target, as the end of a sentence about the other. Undefined: they can. */
export function whyMeeting(layer: Layer, other: Layer): string | undefined {
  const place = layer.owns.find((owned) => other.owns.some((theirs) => placesMeet(owned, theirs)));
  if (place !== undefined) return `owns ${place} already, in its layer "${other.name}"`;
  return layer.name === other.name ? 'has a layer of this name already' : undefined;
}

/** Returns the id and the owned places of a record from a layer's job. */
export function extractPart(record: Document, owns: readonly string[]): Document {
  let part: JsonObject = { id: record.id };
  for (const place of owns.map(parsePlace)) {
    const value = readPlace(record, place);
    if (value === undefined) continue;
    part = changeAt(part, place.steps, (found) =>
      Array.isArray(found) && Array.isArray(value) ? [...(found as unknown[]), ...(value as unknown[])] : value,
    );
  }
  return part as Document;
}

export interface LayerPart extends Layer {
  readonly part: Document;
}

/** The record that is published. Neither the order of the parts nor that of `owns` matters. */
export function mergeRecord(base: Document, parts: readonly LayerPart[]): Document {
  let record: JsonObject = base;
  for (const { owns, part } of parts.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const place of owns.toSorted().map(parsePlace)) {
      const value = readPlace(part, place);
      record = changeAt(record, place.steps, (found) =>
        place.where === undefined ? value : putItems(found, value, place),
      );
    }
  }
  return record as Document;
}

function readPlace(record: JsonObject, { steps, where }: Place): unknown {
  let value: unknown = record;
  for (const step of steps) value = isJsonObject(value) ? getOwn(value, step) : undefined;
  if (where === undefined || value === undefined) return value;
  const items = Array.isArray(value) ? value.filter((item) => isMeant(item, where)) : [];
  return items.length === 0 ? undefined : items;
}

function isMeant(item: unknown, { field, text }: NonNullable<Place['where']>): boolean {
  return isJsonObject(item) && getOwn(item, field) === text;
}

/** Returns the other items of a list, then these. A list that would be empty is removed. */
function putItems(found: unknown, items: unknown, { where }: Place): unknown {
  const others = Array.isArray(found) && where !== undefined ? found.filter((item) => !isMeant(item, where)) : [];
  if (!Array.isArray(items)) {
    if (!Array.isArray(found) || others.length === found.length) return found;
    return others.length === 0 ? undefined : others;
  }
  return [...(others as unknown[]), ...(items as unknown[])];
}

/** Returns a copy with another value at a place. Undefined removes the value, and objects that are then empty. */
function changeAt(object: JsonObject, steps: readonly string[], change: (found: unknown) => unknown): JsonObject {
  const [step = '', ...rest] = steps;
  const found = getOwn(object, step);
  const next = rest.length === 0 ? change(found) : changeInside(found, rest, change);
  if (next === found) return object;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    if (key !== step) setOwn(copy, key, value);
    else if (next !== undefined) setOwn(copy, key, next);
  }
  if (next !== undefined && !Object.hasOwn(object, step)) setOwn(copy, step, next);
  return copy;
}

function changeInside(found: unknown, steps: readonly string[], change: (found: unknown) => unknown): unknown {
  const before = isJsonObject(found) ? found : {};
  const after = changeAt(before, steps, change);
  if (after === before) return found;
  return Object.keys(after).length === 0 ? undefined : after;
}
