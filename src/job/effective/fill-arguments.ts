/**
 * Arguments where a component reads them: {"$arg": "name"} keeps the type of the value, "${args.name}" puts it into a
 * longer text. Nothing else is evaluated: what was put in is not looked at again, and any other "${…}" is plain text.
 */
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../records/json-object.ts';
import { toPointer, type Path } from '../pointer.ts';
import { describeFound, type Report } from '../check/problem.ts';
import { ARGUMENT_IN_TEXT, argumentNames, referenceKind } from './references.ts';
import { didYouMean, suggest } from '../check/suggest.ts';

/** One run of every task: `suffix` is `[programme=HE]`, or empty without a matrix. */
export interface ArgumentSet {
  readonly suffix: string;
  readonly values: JsonObject;
  /** Arguments that are declared but have no value yet. */
  readonly open: ReadonlySet<string>;
}

/** `at` is the pointer of `args`. A value that is not there yet stays a reference, so that the rest can be checked. */
export function fillArguments(args: JsonObject, at: string, set: ArgumentSet, report: Report): JsonObject {
  const fill = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return fillText(value, at + toPointer(path), set, report);
    if (Array.isArray(value)) return value.map((item: unknown, index) => fill(item, [...path, index]));
    if (!isJsonObject(value)) return value;
    const kind = referenceKind(value);
    if (kind === '$secret') return value;
    const slip = kind === undefined ? misspeltReference(value) : undefined;
    if (slip !== undefined) {
      const { key, meant } = slip;
      const message = `no reference is called "${key}"${didYouMean(meant)}`;
      report({
        severity: 'error',
        pointer: `${at}${toPointer([...path, key])}`,
        atKey: true,
        message,
        found: key,
        suggestion: meant,
      });
      return { $arg: key };
    }
    if (kind === undefined) return mapObject(value, (inner, key) => fill(inner, [...path, key]));
    const name = getOwn(value, '$arg');
    if (typeof name !== 'string' || set.open.has(name)) return value;
    if (Object.hasOwn(set.values, name)) return set.values[name];
    reportUnknown(name, `${at}${toPointer(path)}/$arg`, set, report);
    return value;
  };
  return fill(args, []) as JsonObject;
}

/** An object with one key that is nearly `$arg` or `$secret`. */
function misspeltReference(value: JsonObject): { readonly key: string; readonly meant: string } | undefined {
  const [key, ...others] = Object.keys(value);
  if (key === undefined || others.length > 0 || !key.startsWith('$')) return undefined;
  const meant = suggest(key, ['$arg', '$secret']);
  return meant === undefined ? undefined : { key, meant };
}

function fillText(text: string, pointer: string, set: ArgumentSet, report: Report): unknown {
  const names = [...argumentNames(text)];
  const open = names.find((name) => set.open.has(name));
  if (open !== undefined) return { $arg: open };
  for (const name of names) {
    if (!Object.hasOwn(set.values, name)) reportUnknown(name, pointer, set, report);
    else if (!isPlain(set.values[name])) {
      const expected = `a text, a number, true or false for "\${args.${name}}" inside a text`;
      const found = describeFound(set.values[name]);
      const message = `expected ${expected}, found ${found}; {"$arg": "${name}"} in place of the whole text keeps it as it is`;
      report({ severity: 'error', pointer, message, expected, found });
    }
  }
  return text.replaceAll(ARGUMENT_IN_TEXT, (whole, name: string) => {
    const value = getOwn(set.values, name);
    return isPlain(value) ? String(value) : whole;
  });
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function reportUnknown(name: string, pointer: string, set: ArgumentSet, report: Report): void {
  const known = [...Object.keys(set.values), ...set.open];
  const nearest = suggest(name, known);
  const declared = known.length === 0 ? 'the job declares none' : `declared: ${known.join(', ')}`;
  report({
    severity: 'error',
    pointer,
    message: `no argument is called "${name}"${nearest === undefined ? `; ${declared}` : didYouMean(nearest)}`,
    expected: declared,
    found: name,
    ...(nearest === undefined ? {} : { suggestion: nearest }),
  });
}
