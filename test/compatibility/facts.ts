/** The facts tables of the samples: one record in each line of `facts/*.jsonl`, and what is decided about it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How our outcome differs from InvenioRDM's, written by hand. What is not mentioned is equal. */
export interface Decision {
  /** Values of the record that are ours, by key. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Keys that our record does not have. */
  readonly leave_out?: readonly string[];
  /** The record is filtered with this code. */
  readonly filtered?: string;
  /** The record is rejected with this code. */
  readonly rejected?: string;
  /** Codes of the warnings, in their order. */
  readonly warns?: readonly string[];
}

export interface Fact {
  /** The name of a record that shows a difference; docs/compatibility.md names it. */
  readonly name?: string;
  /** Absent where both make the same of the record, or where the rules of the differences explain it. */
  readonly differs?: Decision;
  /** In place of `differs` in one of several samples that are made of this table. */
  readonly differs_in?: Readonly<Record<string, Decision>>;
  /** The samples that the record is in. Absent: all that are made of this table. */
  readonly only_in?: readonly string[];
  /** JSON sources: keys of the written record that are set, or left out, at the end. */
  readonly written?: Readonly<Record<string, unknown>>;
  readonly without?: readonly string[];
  /** XML and RDF sources: texts of the written document that are replaced at the end, each found exactly once. */
  readonly edit?: readonly (readonly [string, string])[];
  readonly [fact: string]: unknown;
}

export function readFacts(table: string): readonly Fact[] {
  const text = readFileSync(join(import.meta.dirname, 'facts', `${table}.jsonl`), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Fact);
}

export function decisionFor(fact: Fact, sample: string): Decision | undefined {
  return fact.differs_in?.[sample] ?? fact.differs;
}

/** `written` and `without`, applied to what a format writer made of the other facts. */
export function withOddities(made: Readonly<Record<string, unknown>>, { written, without }: Fact): object {
  const all = { ...made, ...written };
  return Object.fromEntries(Object.entries(all).filter(([key]) => without?.includes(key) !== true));
}

/** Throws if a text that is to be replaced is not there exactly once: the record would not show what its name says. */
export function withEdits(document: string, { edit, name }: Fact): string {
  let text = document;
  for (const [from, to] of edit ?? []) {
    if (text.split(from).length !== 2) throw new Error(`${String(name)}: ${JSON.stringify(from)} is not there once`);
    text = text.replace(from, () => to);
  }
  return text;
}
