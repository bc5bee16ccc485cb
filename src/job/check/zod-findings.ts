/** The issues of a zod schema as sentences for people: what was expected, what was found, did-you-mean. */
import type { z } from 'zod';
import { knownKeysAt, toArgsSchema } from '../schema/args-schema.ts';
import { getOwn, isJsonObject } from '../../records/json-object.ts';
import { toPointer, type Path } from '../pointer.ts';
import { mismatch, type Finding } from './problem.ts';
import { didYouMean, suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** Used if a schema has no message. An author's message begins with `expected …`. */
const OURS = '\u0000';

export type SchemaResult<T> =
  | { readonly ok: true; readonly value: T; readonly findings: readonly [] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Parses `value`; pointers of the findings begin with `at`. */
export function parseWithSchema<T>(schema: z.ZodType<T>, value: unknown, at = ''): SchemaResult<T> {
  const result = schema.safeParse(value, { error: () => OURS });
  if (result.success) return { ok: true, value: result.data, findings: [] };
  const findings = result.error.issues.flatMap((issue) => toFindings(issue, [], value, at, schema));
  return { ok: false, findings };
}

function toFindings(issue: Issue, outer: Path, root: unknown, at: string, schema: z.ZodType): Finding[] {
  const path: Path = [...outer, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const pointer = at + toPointer(path);
  const value = valueAt(root, path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeysAt(toArgsSchema(schema), path);
    return issue.keys.map((key) => unknownKey(key, known, `${pointer}${toPointer([key])}`));
  }
  if (issue.code === 'invalid_key') {
    return [{ ...mismatch(pointer, 'another name', path.at(-1)), message: keyMessage(issue, path), atKey: true }];
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = nearestBranch(issue.errors);
    if (nearest !== undefined) return nearest.flatMap((inner) => toFindings(inner, path, root, at, schema));
  }
  if (issue.message !== OURS && issue.message !== '') return [authored(pointer, issue.message, value)];
  if (value === undefined && path.length > 0) return [missing(pointer, expectedBy(issue))];
  const finding = mismatch(pointer, expectedBy(issue), value);
  const nearest = issue.code === 'invalid_value' || isDiscriminator(issue) ? nearestValue(value, issue) : undefined;
  if (nearest === undefined) return [finding];
  return [{ ...finding, message: finding.message + didYouMean(nearest), suggestion: nearest }];
}

export function unknownKey(key: string, known: readonly string[], pointer: string): Finding {
  const nearest = suggest(key, known);
  const list = known.length === 0 ? 'none is known here' : `known here: ${known.join(', ')}`;
  const finding = { severity: 'error', pointer, atKey: true, expected: list, found: `the key "${key}"` } as const;
  if (nearest === undefined && known.slice(0, 2).join() === 'type,args') {
    return {
      ...finding,
      message: `unknown key "${key}" beside "type"; the arguments of a component stand inside "args"`,
    };
  }
  if (nearest === undefined) return { ...finding, message: `unknown key "${key}"; ${list}` };
  return { ...finding, message: `unknown key "${key}"${didYouMean(nearest)}`, suggestion: nearest };
}

function missing(pointer: string, expected: string): Finding {
  return { severity: 'error', pointer, message: `missing: expected ${expected}`, expected, found: 'nothing' };
}

function authored(pointer: string, message: string, value: unknown): Finding {
  // A message about several keys says itself what it found.
  if (!message.startsWith('expected ') || message.includes(', found ')) return { severity: 'error', pointer, message };
  return mismatch(pointer, message.slice('expected '.length), value);
}

function keyMessage(issue: Issue & { code: 'invalid_key' }, path: Path): string {
  const inner = issue.issues[0]?.message;
  const reason = inner === undefined || inner === OURS ? 'expected another name' : inner;
  return `${reason}, found "${String(path.at(-1))}"`;
}

/** Returns the intended alternative: the one whose issues are inside the value, not about its type. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const deep = branches.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code !== 'invalid_type'),
  );
  return deep.length === 1 ? deep[0] : undefined;
}

function isDiscriminator(issue: Issue): issue is Issue & { code: 'invalid_union' } {
  return issue.code === 'invalid_union' && issue.errors.length === 0;
}

function nearestValue(value: unknown, issue: Issue): string | undefined {
  return typeof value === 'string' ? suggest(value, valuesOf(issue).map(String)) : undefined;
}

function valuesOf(issue: Issue): readonly unknown[] {
  if (issue.code === 'invalid_value') return issue.values;
  const options = (issue as { readonly options?: unknown }).options;
  return Array.isArray(options) ? (options as unknown[]) : [];
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  datetime: 'a time in ISO 8601',
  date: 'a date as YYYY-MM-DD',
};

function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return oneOf(issue.values);
    case 'too_small':
      return limit(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return limit(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `a multiple of ${String(issue.divisor)}`;
    case 'invalid_format':
      return issue.pattern === undefined
        ? (FORMATS[issue.format] ?? issue.format)
        : `a text that fits ${issue.pattern}`;
    case 'invalid_union':
      return issue.errors.length === 0 ? oneOf(valuesOf(issue)) : unionOf(issue.errors);
    default:
      return 'another value';
  }
}

function limit(origin: string, relation: string, bound: number | bigint): string {
  const amount = `${relation} ${String(bound)}`;
  if (origin === 'string') return `a text of ${amount} character${Number(bound) === 1 ? '' : 's'}`;
  if (origin === 'array' || origin === 'set') return `a list of ${amount} item${Number(bound) === 1 ? '' : 's'}`;
  return `a number of ${amount}`;
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1 ? (texts[0] ?? '') : `one of ${texts.join(', ')}`;
}

function unionOf(branches: readonly (readonly Issue[])[]): string {
  const kinds = branches.flatMap((issues) => issues.slice(0, 1).map(expectedBy));
  return [...new Set(kinds)].join(' or ');
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)] as unknown;
    else if (isJsonObject(value)) value = getOwn(value, String(step));
    else return undefined;
  }
  return value;
}
