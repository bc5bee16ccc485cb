/**
 * The text of a job file, or of custom args, with the place of every value. Plain JSON: comments, trailing commas and duplicate keys are
 * reported with their place. `__proto__` is a key like any other.
 */
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { toExactNumber } from '../formats/json/exact-numbers.ts';
import { setOwn } from '../records/json-object.ts';
import { parsePointer, toPointer, type Path } from './pointer.ts';
import type { Finding, Problem } from './check/problem.ts';

/** A job file is written by hand; more than this is a data file that was named by mistake. */
export const MAX_CHARACTERS = 1024 * 1024;

export interface JsonText {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** False if the syntax is too ambiguous for further checks. */
  readonly readable: boolean;
  /** The finding at its place, or at the nearest value around it that the text holds. */
  locate(finding: Finding): Problem;
}

/** Offsets in the text. */
export interface Place {
  readonly value: number;
  readonly key?: number;
}

export function parseJsonText(source: string): JsonText {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  const report = (offset: number, pointer: string, message: string): void => {
    problems.push({ severity: 'error', pointer, ...lineAndColumn(text, offset), message });
  };
  const locate = (finding: Finding): Problem => placeFinding(finding, text, places);
  if (text.length > MAX_CHARACTERS) {
    report(0, '', `expected at most 1 MiB of JSON, found ${String(text.length)} characters; is this a data file?`);
    return { value: undefined, problems, readable: false, locate };
  }
  if (looksLikeYaml(text)) {
    report(
      0,
      '',
      'expected JSON, found YAML; give the file the ending .yaml, or convert it, for example with `yq -o json`',
    );
    return { value: undefined, problems, readable: false, locate };
  }
  const errors: ParseError[] = [];
  const root = parseSafely(text, errors);
  if (root === 'too deep') {
    report(0, '', 'the JSON is nested too deeply to be part of a job');
    return { value: undefined, problems, readable: false, locate };
  }
  const value = root === undefined ? undefined : toValue(root, [], { text, places, report });
  let readable = root !== undefined;
  for (const error of firstOfEachPlace(errors)) {
    const { message, harmless } = describe(error, text);
    report(error.offset, '', message);
    if (!harmless) readable = false;
  }
  return { value, problems, readable, locate };
}

function parseSafely(text: string, errors: ParseError[]): Node | undefined | 'too deep' {
  try {
    return parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    if (error instanceof RangeError) return 'too deep';
    throw error;
  }
}

/** A first line such as `---`, `- type: json` or `id: my-job`: no JSON begins that way. */
function looksLikeYaml(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.trimStart().startsWith('#')) ?? '';
  return /^(---(\s|$)|- |\w[\w.-]*:(\s|$))/.test(first.trimEnd());
}

interface Reading {
  readonly text: string;
  readonly places: Map<string, Place>;
  readonly report: (offset: number, pointer: string, message: string) => void;
}

function toValue(node: Node, path: Path, reading: Reading, key?: number): unknown {
  const { places, report } = reading;
  places.set(toPointer(path), key === undefined ? { value: node.offset } : { value: node.offset, key });
  if (node.type === 'array') {
    return (node.children ?? []).map((child, index) => toValue(child, [...path, index], reading));
  }
  if (node.type === 'number') return toNumber(node, path, reading);
  if (node.type !== 'object') return node.value;
  const object: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [name, inner] = property.children ?? [];
    if (name === undefined || inner === undefined) continue;
    const member = name.value as string;
    const pointer = toPointer([...path, member]);
    if (Object.hasOwn(object, member)) {
      report(name.offset, pointer, `the key "${member}" appears a second time here; keep one of the two`);
    }
    setOwn(object, member, toValue(inner, [...path, member], reading, name.offset));
  }
  return object;
}

function toNumber({ offset, length, value }: Node, path: Path, { text, report }: Reading): unknown {
  const literal = text.slice(offset, offset + length);
  if (typeof toExactNumber(literal) === 'string') {
    const message = `expected a number that a double can hold, found ${literal.slice(0, 60)}; write it as a text, in double quotes`;
    report(offset, toPointer(path), message);
  }
  return value;
}

/** One mistake causes several parse errors at one position; the first describes it. */
function firstOfEachPlace(errors: readonly ParseError[]): ParseError[] {
  const kept: ParseError[] = [];
  for (const error of errors) {
    const last = kept.at(-1);
    if (last === undefined || error.offset > last.offset + Math.max(1, last.length)) kept.push(error);
  }
  return kept;
}

const WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'this is not JSON: names and texts stand in double quotes; values are true, false, null or a number',
  InvalidNumberFormat: 'this is not a JSON number',
  PropertyNameExpected: 'expected a name in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected a colon after the name',
  CommaExpected: 'expected a comma between two values',
  CloseBraceExpected: 'expected a closing brace }: the text ends, or continues, before the object is closed',
  CloseBracketExpected: 'expected a closing bracket ]: the text ends, or continues, before the list is closed',
  EndOfFileExpected: 'expected the end after the object, found more text',
  InvalidCommentToken: 'comments are not JSON; put the words into "description"',
  UnexpectedEndOfComment: 'the comment does not end; comments are not JSON',
  UnexpectedEndOfString: 'the text is not closed by a double quote on its line',
  UnexpectedEndOfNumber: 'the number is not complete',
  InvalidUnicode: 'expected four hexadecimal digits after \\u',
  InvalidEscapeCharacter: 'this escape does not exist in JSON; a backslash itself is written \\\\',
  InvalidCharacter: 'control characters are written as escapes in JSON (\\n, \\t)',
};

function describe(error: ParseError, text: string): { message: string; harmless: boolean } {
  if (text.trim() === '') return { message: 'expected a JSON object, found nothing', harmless: false };
  const name = printParseErrorCode(error.error);
  const closes = text[error.offset] === '}' || text[error.offset] === ']';
  const afterComma = text.slice(0, error.offset).trimEnd().endsWith(',');
  if ((name === 'PropertyNameExpected' || name === 'ValueExpected') && closes && afterComma) {
    return { message: 'a comma is before the closing bracket; JSON has no trailing commas', harmless: true };
  }
  const harmless = ['InvalidCommentToken', 'CommaExpected', 'InvalidEscapeCharacter'].includes(name);
  return { message: WORDS[name] ?? `the JSON is broken here (${name})`, harmless };
}

/** The finding at its place, or at the nearest value around it that the text holds. */
export function placeFinding(finding: Finding, text: string, places: ReadonlyMap<string, Place>): Problem {
  const { atKey, ...rest } = finding;
  let path: Path = parsePointer(finding.pointer);
  let found = places.get(finding.pointer);
  const exact = found !== undefined;
  while (found === undefined && path.length > 0) {
    path = path.slice(0, -1);
    found = places.get(toPointer(path));
  }
  const offset = exact && atKey === true ? (found?.key ?? found?.value) : found?.value;
  return { ...rest, ...lineAndColumn(text, offset ?? 0) };
}

export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}
