/**
 * The arguments of a job: their JSON Schema, the values given, and one set of values for each cell of the matrix. The axes
 * of the matrix need not be declared; where they are, their values have to fit.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { messageOf } from '../errors.ts';
import { getOwn, isJsonObject, type JsonObject } from './json-object.ts';
import { parsePointer, toPointer } from './pointer.ts';
import { describeFound, type Report } from './problem.ts';
import { unknownKey } from './zod-findings.ts';

/** One run of every task: `suffix` is `[programme=HE]`, or empty without a matrix. */
export interface ArgumentSet {
  readonly suffix: string;
  readonly values: JsonObject;
  /** Arguments that are declared but have no value yet. */
  readonly open: ReadonlySet<string>;
}

/** More combinations than this are a slip, not a job. */
const MAX_COMBINATIONS = 200;

export function checkArguments(config: JsonObject, report: Report): readonly ArgumentSet[] {
  const declared = getOwn(config, 'arguments');
  const args = asObject(getOwn(config, 'args'));
  const matrix = asObject(getOwn(config, 'matrix'));
  const validate = isJsonObject(declared) ? compile(declared, report) : undefined;
  if (!isJsonObject(declared) && Object.keys(args).length > 0) {
    const message = 'args are given, but the job declares no "arguments"; declare them, or put them into the component';
    report({ severity: 'error', pointer: '/args', atKey: true, message });
  }
  const properties = asObject(isJsonObject(declared) ? getOwn(declared, 'properties') : undefined);
  return combinations(matrix, report).map((cell) => {
    const isDeclared = ([name]: [string, unknown]): boolean => Object.hasOwn(properties, name);
    const declaredValues = { ...structuredClone(args), ...Object.fromEntries(Object.entries(cell).filter(isDeclared)) };
    if (validate !== undefined && !validate(declaredValues)) {
      reportValues(validate.errors ?? [], declaredValues, properties, cell, report);
    }
    const values = { ...declaredValues, ...cell };
    const open = new Set(Object.keys(properties).filter((name) => !Object.hasOwn(values, name)));
    return { suffix: suffixOf(cell), values, open };
  });
}

function compile(schema: JsonObject, report: Report): ValidateFunction | undefined {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: true, strictTypes: false, strictRequired: false });
  formats.default(ajv);
  try {
    return ajv.compile(schema);
  } catch (error) {
    const message = `expected a JSON Schema (draft 7) of the arguments: ${messageOf(error)}`;
    report({ severity: 'error', pointer: '/arguments', message });
    return undefined;
  }
}

function reportValues(
  errors: readonly ErrorObject[],
  values: JsonObject,
  properties: JsonObject,
  cell: JsonObject,
  report: Report,
): void {
  for (const error of errors) {
    const [name = ''] = parsePointer(error.instancePath);
    const pointer = `${Object.hasOwn(cell, name) ? '/matrix' : '/args'}${error.instancePath}`;
    // A value that is still to be given with the run is no mistake of the file.
    if (error.keyword === 'required') continue;
    if (error.keyword === 'additionalProperties') {
      const key = String(error.params['additionalProperty']);
      report(unknownKey(key, Object.keys(properties), `${pointer}${toPointer([key])}`));
      continue;
    }
    const found = describeFound(valueAt(values, error.instancePath), pointer);
    const allowed = error.keyword === 'enum' ? ` (${JSON.stringify(error.params['allowedValues'])})` : '';
    const expected = `a value that ${error.message ?? 'fits the declared arguments'}${allowed}`;
    report({ severity: 'error', pointer, message: `expected ${expected}, found ${found}`, expected, found });
  }
}

function valueAt(values: JsonObject, pointer: string): unknown {
  return parsePointer(pointer).reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)] as unknown;
    return isJsonObject(value) ? getOwn(value, key) : undefined;
  }, values);
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
