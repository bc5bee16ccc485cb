/**
 * The problems that `check` finds in a job file, and their messages. A message never contains the value of a
 * credential.
 */
import { isJsonObject } from '../../records/json-object.ts';
import { looksLikeCredential, mayHoldCredential } from './credential-names.ts';
import { parsePointer } from '../pointer.ts';

export type Severity = 'error' | 'warning';

/** A problem by its JSON pointer, before it has a place in a text. */
export interface Finding {
  readonly severity: Severity;
  readonly pointer: string;
  /** The key is at fault, not its value: the place to show is the key. */
  readonly atKey?: boolean;
  /** A complete sentence, including the suggestion for a misspelt name. */
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  /** What to write in its place, for machines. */
  readonly suggestion?: string;
}

export interface Problem {
  readonly severity: Severity;
  readonly pointer: string;
  /** From 1; of the text that was checked. 0 where the value did not come from a text. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  readonly suggestion?: string;
}

export type Report = (finding: Finding) => void;

/** The common finding: `expected …, found …`. */
export function mismatch(pointer: string, expected: string, value: unknown): Finding {
  const found = describeFound(value, pointer);
  return { severity: 'error', pointer, message: `expected ${expected}, found ${found}`, expected, found };
}

/** `the text "abc"`, `a list of 3`, `nothing`. */
export function describeFound(value: unknown, pointer = ''): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${String(value.length)}`;
  if (isJsonObject(value)) return 'an object';
  if (holdsSecretsOnly(parsePointer(pointer))) return 'a literal value (not shown)';
  if (typeof value === 'string') return describeText(value);
  if (typeof value === 'number') return `the number ${String(value)}`;
  return JSON.stringify(value);
}

/** A header may carry a credential under any name. */
function holdsSecretsOnly(path: readonly string[]): boolean {
  return looksLikeCredential(path.at(-1) ?? '') || path.at(-2) === 'headers';
}

function describeText(text: string): string {
  if (mayHoldCredential(text)) return 'a text that may hold a credential (not shown)';
  if (text === '') return 'an empty text';
  return `the text ${JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)}`;
}

/** `/readers/1/args (line 9): unknown key "regexp"` */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? ` (line ${String(problem.line)}, column ${String(problem.column)})` : '';
  return `${problem.pointer === '' ? 'the job' : problem.pointer}${place}: ${problem.message}`;
}

export function isError(problem: { readonly severity: Severity }): boolean {
  return problem.severity === 'error';
}

/** `3 problems` */
export function countProblems(problems: readonly { readonly severity: Severity }[]): string {
  const errors = problems.filter(isError).length;
  return errors === 1 ? '1 problem' : `${String(errors)} problems`;
}
