/**
 * The arguments of a job: their JSON Schema, the values given, and one set of values for each cell of the matrix. The axes
 * of the matrix need not be declared; where they are, their values have to fit.
 */
import { reportArgumentErrors } from './argument-errors.ts';
import type { ArgumentSet } from '../effective/fill-arguments.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { toPointer } from '../pointer.ts';
import type { CompileArguments } from './compile-arguments.ts';
import type { Report } from './problem.ts';
import { argumentNames, findReferences } from '../effective/references.ts';
import { unknownKey } from './zod-findings.ts';

/** More combinations than this are a slip, not a job. */
const MAX_COMBINATIONS = 200;

/** With `complete`, a run is about to start, so an argument without a value gets none later. */
export function checkArguments(
  config: JsonObject,
  report: Report,
  compile: CompileArguments,
  complete = false,
): readonly ArgumentSet[] {
  const declared = getOwn(config, 'arguments');
  const args = asObject(getOwn(config, 'args'));
  const matrix = asObject(getOwn(config, 'matrix'));
  const validate = isJsonObject(declared) ? compile(declared, report) : undefined;
  if (!isJsonObject(declared) && Object.keys(args).length > 0) {
    const message = 'args are given, but the job declares no "arguments"; declare them, or put them into the component';
    report({ severity: 'error', pointer: '/args', atKey: true, message });
  }
  const properties = asObject(isJsonObject(declared) ? getOwn(declared, 'properties') : undefined);
  if (isJsonObject(declared)) reportUndeclared(args, declared, properties, report);
  reportReferences(args, report);
  return combinations(matrix, report).map((cell) => {
    const isDeclared = ([name]: [string, unknown]): boolean => Object.hasOwn(properties, name);
    const declaredValues = { ...structuredClone(args), ...Object.fromEntries(Object.entries(cell).filter(isDeclared)) };
    const errors = validate?.(declaredValues) ?? [];
    if (errors.length > 0) reportArgumentErrors({ errors, values: declaredValues, properties, cell }, report);
    const values = { ...declaredValues, ...cell };
    const open = new Set(Object.keys(properties).filter((name) => !Object.hasOwn(values, name)));
    reportMissing(open, config, declared, complete, report);
    return { suffix: suffixOf(cell), values, open };
  });
}

/** Required, or read somewhere: a run cannot do without. */
function reportMissing(
  open: ReadonlySet<string>,
  config: JsonObject,
  schema: unknown,
  complete: boolean,
  report: Report,
): void {
  const required = isJsonObject(schema) ? getOwn(schema, 'required') : undefined;
  const needed = new Set([...(Array.isArray(required) ? required.map(String) : []), ...argumentNames(config)]);
  const isScheduled = isJsonObject(getOwn(config, 'schedule'));
  for (const name of open) {
    if (!needed.has(name)) continue;
    const place = 'put it into "args", give its declaration a "default"';
    const message = isScheduled
      ? `the argument "${name}" has no value, and a run started by the schedule is given none: ${place}`
      : `the argument "${name}" has no value: ${place}, or start each run with --arg ${name}=…`;
    const severity = complete || isScheduled ? 'error' : 'warning';
    report({ severity, pointer: `/args${toPointer([name])}`, message, expected: 'a value', found: 'nothing' });
  }
}

/** Without a word on others, a schema of JSON takes any name: here a name that is not declared is a slip. */
function reportUndeclared(args: JsonObject, schema: JsonObject, properties: JsonObject, report: Report): void {
  if (['additionalProperties', 'patternProperties'].some((key) => Object.hasOwn(schema, key))) return;
  for (const name of Object.keys(args)) {
    if (Object.hasOwn(properties, name)) continue;
    report(unknownKey(name, Object.keys(properties), `/args${toPointer([name])}`));
  }
}

/** Otherwise anyone who starts a run could read any secret. */
function reportReferences(args: JsonObject, report: Report): void {
  for (const { path } of findReferences(args, ['args'])) {
    const message = 'an argument is a plain value; write a reference where the value is used';
    report({ severity: 'error', pointer: toPointer(path), message });
  }
}

function combinations(matrix: JsonObject, report: Report): JsonObject[] {
  const axes = Object.entries(matrix).filter(
    (axis): axis is [string, unknown[]] => Array.isArray(axis[1]) && axis[1].length > 0,
  );
  const size = axes.reduce((product, [, values]) => product * values.length, 1);
  if (size > MAX_COMBINATIONS) {
    const message = `expected at most ${String(MAX_COMBINATIONS)} combinations, found ${String(size)}`;
    report({ severity: 'error', pointer: '/matrix', message });
    return [];
  }
  return axes.reduce<JsonObject[]>(
    (cells, [name, values]) => cells.flatMap((cell) => values.map((value) => ({ ...cell, [name]: value }))),
    [{}],
  );
}

function suffixOf(cell: JsonObject): string {
  const parts = Object.entries(cell).map(([name, value]) => `${name}=${String(value)}`);
  return parts.length === 0 ? '' : `[${parts.join(',')}]`;
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
