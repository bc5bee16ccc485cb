/** From the rules of the config to the function that maps a record. Everything that can fail for all records fails here. */
import { RecordError } from '../../src/errors.ts';
import { isJsonObject, setOwn } from '../../src/records/json-object.ts';
import { parsePointer } from '../../src/job/pointer.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import type { Transform, TransformerServices } from '../../src/component/transformer.ts';
import { ConversionError } from './conversion-error.ts';
import { compileConversions, type Watch } from './conversions.ts';
import { compileLanguage, compileLanguages } from './languages.ts';
import { loadTable, type LookUpTable } from './load-table.ts';
import type { FieldRule, MapArgs } from './map-args.ts';
import { putAt, setAt } from './set-at.ts';
import {
  compileQuery,
  compileSource,
  fieldOf,
  isEmptyList,
  missing,
  plainText,
  pointerReader,
  present,
  wrongType,
  type Mapping,
} from './sources.ts';
import { createWatches } from './watches.ts';

interface Field {
  readonly target: string;
  readonly path: readonly string[];
  /** Undefined: the field is left out. */
  readonly read: (record: unknown) => unknown;
}

export function createMapping({ fields: rules, unmapped, blank }: MapArgs, services: TransformerServices): Transform {
  const watches = createWatches(services.watch);
  const blankIsAbsent = blank === undefined ? services.blankIsAbsent === true : blank === 'absent';
  const fields = compileFields(rules, { blankIsAbsent, watches, around: '' });
  const idField = fields.find(({ target }) => target === '/id');

  return (record, { isDeleted }) => {
    if (isDeleted !== true) watches.begin();
    const made: Record<string, unknown> = {};
    let mapped: unknown = unmapped === 'keep' ? record : made;
    try {
      for (const { path, read } of fields) {
        const value = isDeleted === true ? readIfThere(read, record) : read(record);
        if (value === undefined) continue;
        if (unmapped === 'keep') mapped = setAt(mapped, path, value);
        else putAt(made, path, value);
      }
    } catch (error) {
      throw withId(error, idField === undefined ? fieldOf(record, 'id') : readIfThere(idField.read, record));
    }
    return mapped;
  };
}

function compileFields(rules: Readonly<Record<string, FieldRule>>, mapping: Mapping): readonly Field[] {
  return Object.entries(rules).map(([target, rule]) => {
    return { target, path: parsePointer(target), read: compileRule(rule, target, mapping) };
  });
}

function compileRule(rule: FieldRule, target: string, mapping: Mapping): Field['read'] {
  const name = mapping.around === '' ? target : `${mapping.around}/*${target}`;
  const applies = compileGuard(rule, name, mapping);
  if (Object.hasOwn(rule, 'value')) return (record) => (applies(record) ? rule.value : undefined);
  const find = compileSource(rule, name, mapping);
  const convert = compileSteps(rule, name, mapping);
  const table = rule.table_file === undefined ? inlineTable(rule.table) : loadTable(rule.table_file);
  const lookUp = table === undefined ? undefined : lookUpIn(table, rule, name);

  return (record) => {
    if (!applies(record)) return undefined;
    const found = find(record);
    const value = found.value === undefined ? undefined : convert(found.value, found.place);
    const result = value === undefined || lookUp === undefined ? value : lookUp(value, found.place);
    if (result !== undefined) return result;
    if (Object.hasOwn(rule, 'otherwise')) return rule.otherwise;
    if (rule.required && value === undefined) throw missing(found, name, record, lostBy(rule));
    return undefined;
  };
}

function compileGuard({ when, when_query: query }: FieldRule, name: string, mapping: Mapping): (r: unknown) => boolean {
  if (when === undefined && query === undefined) return () => true;
  const found = mapping.watches.add(`${name}: "${when === undefined ? 'when_query' : 'when'}" ${when ?? query ?? ''}`);
  const holds = when === undefined ? compileQuery(query ?? '', name) : pointerReader(when);
  return (record) => {
    const value = present(holds(record), mapping);
    const applies = when === undefined ? isTrue(value) : value !== undefined;
    if (applies) found();
    return applies;
  };
}

/** Whether JMESPath treats a value as true. */
function isTrue(value: unknown): boolean {
  if (value === undefined || value === false || value === '') return false;
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
}

/** The steps before the look-up: the choice of a language, conversions, the items of a list. */
function compileSteps(rule: FieldRule, name: string, mapping: Mapping): (value: unknown, place: string) => unknown {
  const steps: ((value: unknown) => unknown)[] = [];
  const watch: Watch = (selector) => mapping.watches.add(`${name}: ${selector}`);
  if (rule.language !== undefined) steps.push(watched(compileLanguage(rule.language), watch(languagesOf(rule))));
  if (rule.languages !== undefined) steps.push(watched(compileLanguages(rule.languages), watch(languagesOf(rule))));
  if (rule.convert !== undefined) steps.push(compileConversions(rule.convert, watch));
  if (rule.each !== undefined) steps.push(compileEach(rule.each, name, mapping));
  if (steps.length === 0) return (value) => value;
  return (value, place) => {
    let converted = value;
    try {
      for (const step of steps) {
        converted = present(step(converted), mapping);
        if (converted === undefined || isEmptyList(converted)) return undefined;
      }
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error;
      throw wrongType(error.expected, error.found, place, name);
    }
    return converted;
  };
}

function watched(choose: (value: unknown) => unknown, found: () => void): (value: unknown) => unknown {
  return (value) => {
    const chosen = choose(value);
    if (chosen !== undefined) found();
    return chosen;
  };
}

/** Why nothing is left of a value that was found. */
function lostBy(rule: FieldRule): string {
  if (rule.language === undefined && rule.languages === undefined) return 'of which its conversions leave nothing';
  return `with no text that ${languagesOf(rule)} select`;
}

function languagesOf({ language, languages }: FieldRule): string {
  const wanted = language?.prefer ?? languages?.only;
  return wanted === undefined ? '"languages"' : `the languages ${wanted.join(', ')}`;
}

function compileEach(rules: Readonly<Record<string, FieldRule>>, name: string, mapping: Mapping) {
  const fields = compileFields(rules, { ...mapping, around: name });
  return (value: unknown): unknown => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const made = items.map((item, i) => mapItem(fields, item, `item ${String(i + 1)} of ${name}`));
    return made.filter((item) => item !== undefined);
  };
}

function mapItem(fields: readonly Field[], item: unknown, place: string): unknown {
  let mapped: Record<string, unknown> | undefined;
  try {
    for (const { path, read } of fields) {
      const value = read(item);
      if (value !== undefined) putAt((mapped ??= {}), path, value);
    }
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw new RecordError(error.code as 'E_RECORD_TYPE', `In ${place}: ${error.message}`, {
      cause: error,
      details: error.details,
    });
  }
  return mapped;
}

function inlineTable(table: unknown): LookUpTable | undefined {
  return isJsonObject(table) ? new Map(Object.entries(table)) : undefined;
}

function lookUpIn(table: LookUpTable, rule: FieldRule, name: string): (value: unknown, place: string) => unknown {
  const lookUp = (value: unknown, place: string): unknown => {
    if (typeof value === 'object') throw wrongType('a text or a number to look up', describeFound(value), place, name);
    const key = plainText(value);
    if (table.has(key)) return table.get(key);
    if (rule.on_unknown === 'keep') return value;
    if (rule.on_unknown === 'omit') return undefined;
    throw new RecordError(
      'E_RECORD_NOT_IN_TABLE',
      `Expected a value for ${name} that is in its table, found ${describeFound(value)}.`,
      { details: { target: name } },
    );
  };
  return (value, place) => {
    if (!Array.isArray(value)) return lookUp(value, place);
    return value.map((item) => lookUp(item, place)).filter((item) => item !== undefined);
  };
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

/** Adds the id that the record would have had, so that it does not count as removed. */
function withId(error: unknown, id: unknown): unknown {
  if (!(error instanceof RecordError) || typeof id !== 'string') return error;
  const details: Record<string, unknown> = { id };
  for (const [key, value] of Object.entries(error.details)) setOwn(details, key, value);
  return new RecordError(error.code as 'E_RECORD_TYPE', error.message, { cause: error.cause, details });
}
