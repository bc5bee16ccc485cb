/**
 * The text of a job file in YAML 1.2, with the place of every value, so that `check` reports the same as for JSON. Only
 * what JSON can hold: anchors, aliases, tags and merged keys are refused, and so are further documents.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Alias, type Node, type Pair, type YAMLError } from 'yaml';
import { toExactNumber } from '../formats/json/exact-numbers.ts';
import { setOwn } from '../records/json-object.ts';
import type { Problem } from './check/problem.ts';
import { lineAndColumn, MAX_CHARACTERS, placeFinding, type JsonText, type Place } from './json-text.ts';
import { toPointer, type Path } from './pointer.ts';

interface Reading {
  readonly text: string;
  readonly places: Map<string, Place>;
  readonly report: (offset: number, pointer: string, message: string) => void;
}

/** Parses YAML as `parseJsonText` parses JSON. */
export function parseYamlText(source: string): JsonText {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  const report = (offset: number, pointer: string, message: string): void => {
    problems.push({ severity: 'error', pointer, ...lineAndColumn(text, offset), message });
  };
  const locate: JsonText['locate'] = (finding) => placeFinding(finding, text, places);
  const unreadable = { value: undefined, problems, readable: false, locate };
  if (text.length > MAX_CHARACTERS) {
    report(0, '', `expected at most 1 MiB of YAML, found ${String(text.length)} characters; is this a data file?`);
    return unreadable;
  }
  try {
    const document = parseDocument(text, PARSING);
    // The parser reports its own RangeError among the faults of the text.
    if (document.errors.some(({ message }) => message.includes('call stack')))
      throw new RangeError('nested too deeply');
    const faults = new Map(document.errors.map((fault) => [`${String(fault.pos[0])} ${describeFault(fault)}`, fault]));
    for (const fault of faults.values()) report(fault.pos[0], '', describeFault(fault));
    if (faults.size > 0) return unreadable;
    if (document.contents === null) {
      report(0, '', 'expected a job in YAML, found nothing');
      return unreadable;
    }
    const value = toValue(document.contents, [], { text, places, report });
    return { value, problems, readable: true, locate };
  } catch (error) {
    // The parser calls itself for each level.
    if (!(error instanceof RangeError)) throw error;
    report(0, '', 'the YAML is nested too deeply to be part of a job');
    return unreadable;
  }
}

/**
 * Keys are the texts that are written. Repeated keys are reported with both pointers, which the parser does not know.
 */
const PARSING = {
  version: '1.2',
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'error',
} as const;

function describeFault({ code, message }: YAMLError): string {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; a job file holds one job';
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML takes spaces only';
    case 'BAD_INDENT':
      return 'this line is not indented like those around it';
    case 'MISSING_CHAR':
      return `something is missing before this: ${firstLine(message)}`;
    default:
      return `this is not YAML: ${firstLine(message)}`;
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

function toValue(node: Node, path: Path, reading: Reading, key?: number): unknown {
  const at = node.range?.[0] ?? 0;
  reading.places.set(toPointer(path), key === undefined ? { value: at } : { value: at, key });
  if (isAlias(node)) {
    reading.report(at, toPointer(path), 'expected a value that is written out, found an alias (*); JSON has none');
    return null;
  }
  refuseProperties(node, path, reading);
  if (isSeq(node)) return node.items.map((item, i) => toValue(item as Node, [...path, i], reading));
  if (isMap(node)) return toObject(node.items as Pair<Node, Node | null>[], path, reading);
  return isScalar(node) ? toScalar(node.value, at, node.source, path, reading) : null;
}

function refuseProperties(node: Exclude<Node, Alias>, path: Path, { report }: Reading): void {
  const at = node.range?.[0] ?? 0;
  const { anchor } = node as { readonly anchor?: string };
  if (anchor !== undefined)
    report(at, toPointer(path), `expected a value without an anchor, found &${anchor}; JSON has none`);
  if (node.tag !== undefined && !USUAL_TAGS.has(node.tag))
    report(at, toPointer(path), `expected a value without a tag, found ${node.tag}; JSON has none`);
}

const USUAL_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

function toObject(pairs: readonly Pair<Node, Node | null>[], path: Path, reading: Reading): unknown {
  const object: Record<string, unknown> = {};
  for (const { key, value } of pairs) {
    const at = key.range?.[0] ?? 0;
    const name = isScalar(key) ? String(key.value) : '';
    const inner = [...path, name];
    if (!isScalar(key)) reading.report(at, toPointer(path), 'expected a text as the name of a value');
    if (name === '<<') reading.report(at, toPointer(inner), 'expected the keys to be written out, found a merge (<<)');
    if (Object.hasOwn(object, name))
      reading.report(at, toPointer(inner), `the key "${name}" appears a second time here; keep one of the two`);
    if (value === null) {
      reading.places.set(toPointer(inner), { value: at, key: at });
      setOwn(object, name, null);
    } else setOwn(object, name, toValue(value, inner, reading, at));
  }
  return object;
}

function toScalar(value: unknown, at: number, source: string | undefined, path: Path, reading: Reading): unknown {
  if (typeof value !== 'number') return value;
  const isInexact =
    !Number.isFinite(value) || (/^[-+]?[\d.]/.test(source ?? '') && typeof toExactNumber(source ?? '') === 'string');
  if (isInexact) {
    const message = `expected a number that a double can hold, found ${(source ?? String(value)).slice(0, 60)}; write it as a text, in quotes`;
    reading.report(at, toPointer(path), message);
  }
  return value;
}
