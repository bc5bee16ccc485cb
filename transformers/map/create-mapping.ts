/** From the rules of the config to the function that maps a record. Everything that can fail for all records fails here. */
import { InternalError, RecordError } from '../../src/errors.ts';
import { getOwn, isJsonObject, setOwn } from '../../src/records/json-object.ts';
import { parsePointer, toPointer } from '../../src/job/pointer.ts';
import { suggest } from '../../src/job/check/suggest.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import type { Transform } from '../../src/component/transformer.ts';
import { loadTable, type LookUpTable } from './load-table.ts';
import type { FieldRule, MapArgs } from './map-args.ts';
import { parseTemplate, type TemplatePart } from '../../src/job/parse-template.ts';
import { setAt } from './set-at.ts';

interface Field {
  readonly target: string;
  readonly path: readonly string[];
  /** Undefined: the field is left out. */
  readonly read: (record: unknown) => unknown;
}

export function createMapping({ fields: rules, unmapped }: MapArgs): Transform {
  const fields = Object.entries(rules).map(([target, rule]) => toField(target, rule));
  const idField = fields.find(({ target }) => target === '/id');

  return (record, { isDeleted }) => {
    let mapped: unknown = unmapped === 'keep' ? record : {};
    try {
      for (const { path, read } of fields) {
        const value = isDeleted === true ? readIfThere(read, record) : read(record);
        if (value !== undefined) mapped = setAt(mapped, path, value);
      }
    } catch (error) {
      throw withId(error, idField === undefined ? fieldOf(record, 'id') : readIfThere(idField.read, record));
    }
    return mapped;
  };
}

function toField(target: string, rule: FieldRule): Field {
  const find = finder(rule, target);
  const table = rule.table_file === undefined ? inlineTable(rule.table) : loadTable(rule.table_file);
  const lookUp = table === undefined ? (value: unknown) => value : lookUpIn(table, rule, target);
  const guard = rule.when === undefined ? undefined : parsePointer(rule.when);
  const read = (record: unknown): unknown => {
    if (guard !== undefined && !isThere(valueAt(record, guard))) return undefined;
    const found = find(record);
    const value = isThere(found.value) ? lookUp(found.value) : undefined;
    if (value !== undefined) return value;
    if (Object.hasOwn(rule, 'otherwise')) return rule.otherwise;
    if (rule.required && !isThere(found.value)) throw missing(found.pointer, target, record);
    return undefined;
  };
  if (Object.hasOwn(rule, 'value')) return { target, path: parsePointer(target), read: guarded(guard, rule.value) };
  return { target, path: parsePointer(target), read };
}

function guarded(guard: readonly string[] | undefined, value: unknown): Field['read'] {
  return (record) => (guard === undefined || isThere(valueAt(record, guard)) ? value : undefined);
}

interface Found {
  readonly value: unknown;
  /** Where it was looked for, or what of a template was not there. */
  readonly pointer: string;
}

function finder({ from, template }: FieldRule, target: string): (record: unknown) => Found {
  if (template !== undefined) {
    const parsed = parseTemplate(template);
    if (parsed.fault !== undefined)
      throw new InternalError('E_INTERNAL', `A template was not checked: ${parsed.fault}.`);
    const { parts } = parsed;
    return (record) => fill(parts, record, target);
  }
  const pointer = from ?? '';
  const path = parsePointer(pointer);
  return (record) => ({ value: valueAt(record, path), pointer });
}

function fill(parts: readonly TemplatePart[], record: unknown, target: string): Found {
  let text = '';
  for (const part of parts) {
    if ('text' in part) {
      text += part.text;
      continue;
    }
    const value = valueAt(record, part.path);
    if (!isThere(value)) return { value: undefined, pointer: part.pointer };
    if (typeof value === 'object') throw wrongType('a text or a number', value, part.pointer, target);
    text += plainText(value);
  }
  return { value: text, pointer: '' };
}

function inlineTable(table: unknown): LookUpTable | undefined {
  return isJsonObject(table) ? new Map(Object.entries(table)) : undefined;
}

function lookUpIn(table: LookUpTable, rule: FieldRule, target: string): (value: unknown) => unknown {
  const lookUp = (value: unknown): unknown => {
    if (typeof value === 'object') throw wrongType('a text or a number to look up', value, rule.from ?? '', target);
    const key = plainText(value);
    if (table.has(key)) return table.get(key);
    if (rule.on_unknown === 'keep') return value;
    if (rule.on_unknown === 'omit') return undefined;
    throw new RecordError(
      'E_RECORD_NOT_IN_TABLE',
      `Expected a value for ${target} that is in its table, found ${describeFound(value)}.`,
      { details: { target } },
    );
  };
  return (value) => (Array.isArray(value) ? value.map(lookUp).filter((item) => item !== undefined) : lookUp(value));
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

function fieldOf(value: unknown, key: string): unknown {
  return isJsonObject(value) ? getOwn(value, key) : undefined;
}

/** Of a text, a number or a truth value. */
function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** A record that the source deleted need not hold what a living one has to. */
function readIfThere(read: Field['read'], record: unknown): unknown {
  try {
    return read(record);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

function missing(pointer: string, target: string, record: unknown): RecordError {
  const nearest = nearestPointer(pointer, record);
  const hint = nearest === undefined ? '' : ` The record has ${nearest}: did you mean that?`;
  const message = `Expected a value at ${pointer === '' ? 'the top' : pointer} of the record for ${target}, found nothing.${hint} Where it may be absent, set "required": false.`;
  return new RecordError('E_RECORD_FIELD_MISSING', message, { details: { pointer, target } });
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

function wrongType(expected: string, found: unknown, pointer: string, target: string): RecordError {
  const message = `Expected ${expected} at ${pointer} of the record for ${target}, found ${describeFound(found)}.`;
  return new RecordError('E_RECORD_TYPE', message, { details: { pointer, target } });
}

/** With the id that the record would have had, so that it is not taken for removed. */
function withId(error: unknown, id: unknown): unknown {
  if (!(error instanceof RecordError) || typeof id !== 'string') return error;
  const details: Record<string, unknown> = { id };
  for (const [key, value] of Object.entries(error.details)) setOwn(details, key, value);
  return new RecordError(error.code as 'E_RECORD_TYPE', error.message, { cause: error.cause, details });
}
