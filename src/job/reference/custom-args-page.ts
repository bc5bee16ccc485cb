/** docs/reference/custom-args.md: the cases that the tests go through, each with what really comes of it. */
import { ConfigError } from '../../errors.ts';
import { layArgs, layCustomArgs } from '../effective/custom-args.ts';
import { canonicalJson, getOwn, type JsonObject } from '../../records/json-object.ts';
import { GENERATED } from './generated.ts';

/** One object of test/job/custom-args.cases.json. */
export interface CustomArgsCase {
  readonly name: string;
  readonly over?: unknown;
  /** In place of `over`, where an object literal could not hold it. */
  readonly json?: string;
  /** Given with --arg. */
  readonly args?: JsonObject;
  /** Applied to the common config first. */
  readonly base?: JsonObject;
  /** Keys that the common config lacks here. */
  readonly drop?: readonly string[];
}

export function toCustomArgsPage(base: JsonObject, cases: readonly CustomArgsCase[]): string {
  const rows = cases.map((one, index) => toRow(base, one, index + 1));
  return `${GENERATED}

# Custom args, case by case

Each case applies custom args to this job; all other keys are unchanged. A test checks the same cases.

\`\`\`json data
${JSON.stringify(base, null, 2)}
\`\`\`

| # | case | given | custom args | result |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function toRow(common: JsonObject, one: CustomArgsCase, number: number): string {
  const drop = one.drop ?? [];
  const below = Object.fromEntries(Object.entries({ ...common, ...one.base }).filter(([key]) => !drop.includes(key)));
  const over: unknown = one.json === undefined ? one.over : JSON.parse(one.json);
  const given = [
    ...(one.base === undefined ? [] : [`job with ${code(one.base)}`]),
    ...(drop.length === 0 ? [] : [`without ${drop.join(', ')}`]),
    ...(one.args === undefined ? [] : [`\`--arg\` ${code(one.args)}`]),
  ];
  return `| ${[String(number), cell(one.name), given.join(', '), code(over), resultOf(below, one.args, over)].join(' | ')} |`;
}

function resultOf(below: JsonObject, args: JsonObject | undefined, over: unknown): string {
  try {
    const laid = layCustomArgs(layArgs(below, args), over);
    const since = laid.since === undefined ? [] : [`since of the run: ${code(laid.since)}`];
    const told = [...changesOf(below, laid.config), ...since];
    return told.length === 0 ? 'no change' : told.join(', ');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `refused: ${cell(error.message)}`;
  }
}

function changesOf(before: JsonObject, after: JsonObject): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    if (!Object.hasOwn(after, key)) return [`without ${key}`];
    const value = getOwn(after, key);
    const isSame = Object.hasOwn(before, key) && canonicalJson(getOwn(before, key)) === canonicalJson(value);
    return isSame ? [] : [code({ [key]: value })];
  });
}

function code(value: unknown): string {
  return `\`${cell(JSON.stringify(value))}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
