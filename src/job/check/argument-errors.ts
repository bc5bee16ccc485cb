/** Converts the errors of ajv about arguments to our messages: pointer, expected type, value found. */
import type { ErrorObject } from 'ajv';
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { parsePointer, toPointer } from '../pointer.ts';
import { describeFound, type Report } from './problem.ts';
import { unknownKey } from './zod-findings.ts';

export interface ArgumentErrors {
  readonly errors: readonly ErrorObject[];
  readonly values: JsonObject;
  /** The declared ones. */
  readonly properties: JsonObject;
  /** Values that come from the matrix. */
  readonly cell: JsonObject;
}

export function reportArgumentErrors({ errors, values, properties, cell }: ArgumentErrors, report: Report): void {
  for (const error of errors) {
    const [name = ''] = parsePointer(error.instancePath);
    const pointer = `${Object.hasOwn(cell, name) ? '/matrix' : '/args'}${error.instancePath}`;
    // A missing argument is a separate case, because the run may still set it.
    if (error.keyword === 'required' && error.instancePath === '') continue;
    if (error.keyword === 'additionalProperties') {
      const key = String(error.params['additionalProperty']);
      report(unknownKey(key, Object.keys(properties), `${pointer}${toPointer([key])}`));
      continue;
    }
    const found = describeFound(valueAt(values, error.instancePath), pointer);
    const expected = expectedBy(error);
    report({ severity: 'error', pointer, message: `expected ${expected}, found ${found}`, expected, found });
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

function expectedBy({ keyword, params, message }: ErrorObject): string {
  const detail = (key: string): unknown => (params as JsonObject)[key];
  switch (keyword) {
    case 'type': {
      const types: unknown[] = [detail('type')].flat();
      return types.map((type) => TYPES[String(type)] ?? String(type)).join(' or ');
    }
    case 'enum':
      return `one of ${[detail('allowedValues')]
        .flat()
        .map((value) => JSON.stringify(value))
        .join(', ')}`;
    case 'const':
      return JSON.stringify(detail('allowedValue'));
    case 'format':
      return `a text in the format "${String(detail('format'))}"`;
    case 'pattern':
      return `a text that fits ${String(detail('pattern'))}`;
    default:
      return `a value that ${message ?? 'fits the declared arguments'}`;
  }
}

function valueAt(values: JsonObject, pointer: string): unknown {
  return parsePointer(pointer).reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)] as unknown;
    return isJsonObject(value) ? getOwn(value, key) : undefined;
  }, values);
}
