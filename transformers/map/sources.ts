/** Where the value of a field comes from: a pointer, a query or a template, read from one record. */
import { InternalError, messageOf, RecordError } from '../../src/errors.ts';
import { quote } from '../../src/clip.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import { suggest } from '../../src/job/check/suggest.ts';
import { parsePointer, toPointer } from '../../src/job/pointer.ts';
import { getOwn, isJsonObject } from '../../src/records/json-object.ts';
import { evaluate } from '../where/interpreter.ts';
import { parseExpression, type ExpressionTree } from '../where/parse-expression.ts';
import { parseMapTemplate, type FieldRule } from './map-args.ts';
import type { Watches } from './watches.ts';

/** What the fields of one mapping share. */
export interface Mapping {
  /** Whether a blank text counts as no value. */
  readonly blankIsAbsent: boolean;
  /** What selects something in a record; see TransformerServices.watch. */
  readonly watches: Watches;
  /** The field around those of `each`, for messages. */
  readonly around: string;
}

export interface Found {
  /** Undefined: nothing. */
  readonly value: unknown;
  /** Where the value was expected, or which part of a template had no value. */
  readonly place: string;
}

export function compileSource(rule: FieldRule, name: string, mapping: Mapping): (record: unknown) => Found {
  const { from, query, template } = rule;
  if (template !== undefined) return compileTemplate(template, name, mapping);
  const [place, read] =
    query === undefined ? [from ?? '', pointerReader(from ?? '')] : [`the query ${query}`, compileQuery(query, name)];
  const found = mapping.watches.add(`${name}: ${query === undefined ? `the pointer ${place || '""'}` : place}`);
  return (record) => {
    const value = present(read(record), mapping);
    if (value === undefined || (query !== undefined && isEmptyList(value))) return { value: undefined, place };
    found();
    return { value, place };
  };
}

export function pointerReader(pointer: string): (record: unknown) => unknown {
  const path = parsePointer(pointer);
  return (record) => valueAt(record, path);
}

export function compileQuery(text: string, name: string): (record: unknown) => unknown {
  const parsed = parseExpression(text, 'bounded');
  if (parsed.fault !== undefined)
    throw new InternalError('E_INTERNAL', `A query was not checked: ${parsed.fault.message}.`);
  return queryReader(parsed.tree, text, name);
}

function queryReader(tree: ExpressionTree, text: string, name: string): (record: unknown) => unknown {
  return (record) => {
    try {
      return evaluate(tree, record);
    } catch (cause) {
      const message = `Expected values that the query ${quote(text)} for ${name} can be asked of, but ${messageOf(cause)} Where a field may be absent or of another type, ask for it first, as in "name && …".`;
      throw new RecordError('E_RECORD_TYPE', message, { cause, details: { target: name, query: text } });
    }
  };
}

function compileTemplate(template: string, name: string, mapping: Mapping): (record: unknown) => Found {
  const parsed = parseMapTemplate(template);
  if (parsed.fault !== undefined) throw new InternalError('E_INTERNAL', `A template was not checked: ${parsed.fault}.`);
  const parts = parsed.parts.map((part) => {
    if ('text' in part) return part;
    const place = 'query' in part ? `the query ${part.query}` : part.pointer;
    const read =
      'query' in part ? queryReader(part.tree, part.query, name) : (record: unknown) => valueAt(record, part.path);
    return { place, read, found: mapping.watches.add(`${name}: ${place} of its template`) };
  });
  return (record) => {
    let text = '';
    for (const part of parts) {
      if ('text' in part) {
        text += part.text;
        continue;
      }
      const value = present(part.read(record), mapping);
      if (value === undefined) return { value: undefined, place: part.place };
      if (typeof value === 'object') throw wrongType('a text or a number', describeFound(value), part.place, name);
      part.found();
      text += plainText(value);
    }
    return { value: text, place: '' };
  };
}

/** Own fields and items only. */
function valueAt(record: unknown, path: readonly string[]): unknown {
  let value = record;
  for (const key of path) {
    if (Array.isArray(value)) value = /^(?:0|[1-9][0-9]*)$/.test(key) ? (value[Number(key)] as unknown) : undefined;
    else value = fieldOf(value, key);
  }
  return value;
}

export function fieldOf(value: unknown, key: string): unknown {
  return isJsonObject(value) ? getOwn(value, key) : undefined;
}

/** Returns undefined for values that count as absent: null and, with `blankIsAbsent`, a blank text, even as an item of a list. */
export function present(value: unknown, { blankIsAbsent }: Mapping): unknown {
  if (value === undefined || value === null) return undefined;
  if (!blankIsAbsent) return value;
  if (typeof value === 'string') return isBlank(value) ? undefined : value;
  if (!Array.isArray(value) || !value.some(isBlank)) return value;
  const rest = value.filter((item) => !isBlank(item));
  return rest.length === 0 ? undefined : rest;
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
}

export function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Converts a text, a number or a boolean. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `lost` says why nothing is left of a value that was found. */
export function missing({ value, place }: Found, name: string, record: unknown, lost: string): RecordError {
  if (!isJsonObject(record) && !Array.isArray(record)) return notMapped(record, place, name);
  const isPointer = place === '' || place.startsWith('/');
  const nearest = isPointer ? nearestPointer(place, record) : undefined;
  const hint = nearest === undefined ? '' : ` The record has ${nearest}: did you mean that?`;
  const where = !isPointer ? `from ${place}` : `at ${place === '' ? 'the top' : place} of the record`;
  const found = value === undefined ? 'nothing' : `${describeFound(value)} ${lost}`;
  const message = `Expected a value ${where} for ${name}, found ${found}.${hint} Where it may be absent, set "required": false.`;
  return new RecordError('E_RECORD_FIELD_MISSING', message, { details: { pointer: place, target: name } });
}

/** A field that is absent would be the wrong explanation: the record, or the item of `each`, has no fields. */
function notMapped(record: unknown, place: string, name: string): RecordError {
  const message = `Expected an object to map for ${name}, found ${describeFound(record)}. Correct what the reader selects as records, or report the entry to the source.`;
  return new RecordError('E_RECORD_FIELD_MISSING', message, { details: { pointer: place, target: name } });
}

/** The pointer with its first wrong step replaced by a key of the record that is spelt alike. */
function nearestPointer(pointer: string, record: unknown): string | undefined {
  const path = parsePointer(pointer).map(String);
  const wrong = path.findIndex((_, i) => valueAt(record, path.slice(0, i + 1)) === undefined);
  const around = wrong < 0 ? undefined : valueAt(record, path.slice(0, wrong));
  if (!isJsonObject(around)) return undefined;
  const nearest = suggest(path[wrong] ?? '', Object.keys(around).slice(0, 100));
  return nearest === undefined ? undefined : toPointer([...path.slice(0, wrong), nearest]);
}

export function wrongType(expected: string, found: string, place: string, name: string): RecordError {
  const where = place.startsWith('/') ? `at ${place} of the record` : place === '' ? 'in the record' : `from ${place}`;
  const message = `Expected ${expected} ${where} for ${name}, found ${found}.`;
  return new RecordError('E_RECORD_TYPE', message, { details: { pointer: place, target: name } });
}
