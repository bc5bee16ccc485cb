/**
 * The part of JMESPath in which no record can cost more than its own size times the length of the expression. Every
 * step goes down into the record, so nothing is looked at twice. Refused: what goes back to the top inside of a list
 * (`$`, `let`, `&a`), functions that sort, join, repeat, or search text for text of the record, and what copies
 * (`[a, b]`, `{a: b}`). A caller may allow copies: then an expression multiplies a record by at most MOST_COPIES.
 */
import type { compile } from '@jmespath-community/jmespath';
import { didYouMean, suggest } from '../../src/job/check/suggest.ts';
import { tokensOf, type ExpressionFault } from './expression-fault.ts';

type Tree = ReturnType<typeof compile>;

/** The functions that may be used, with the fewest and the most arguments. */
const FUNCTIONS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ['abs', [1, 1]],
  ['avg', [1, 1]],
  ['ceil', [1, 1]],
  ['contains', [2, 2]],
  ['ends_with', [2, 2]],
  ['floor', [1, 1]],
  ['keys', [1, 1]],
  ['length', [1, 1]],
  ['lower', [1, 1]],
  ['max', [1, 1]],
  ['min', [1, 1]],
  ['not_null', [1, Infinity]],
  ['starts_with', [2, 2]],
  ['sum', [1, 1]],
  ['to_number', [1, 1]],
  ['to_string', [1, 1]],
  ['type', [1, 1]],
  ['upper', [1, 1]],
  ['values', [1, 1]],
]);

/** For the reference. */
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys()];

/** Each level is a few calls deep, for every record. */
const DEEPEST = 200;

/** Lists and objects of several members repeat their inputs. Nested or chained, their sizes multiply. */
const MOST_COPIES = 64;

/** Whether an expression may make lists and objects of fields. */
export type Copies = 'refused' | 'bounded';

export function faultOfTree(tree: Tree, text: string, copies: Copies): ExpressionFault | undefined {
  const fault = faultOf(tree, text, copies, 0);
  if (fault !== undefined || copies === 'refused') return fault;
  const factor = copyFactor(tree);
  if (factor <= MOST_COPIES) return undefined;
  const message = `its lists and objects could repeat a record ${String(factor)} times, more than ${String(MOST_COPIES)}; name the fields one by one`;
  return { at: 1, message };
}

/** A list of one counts as two, because a text in it gets longer when it is written as JSON again. */
function copyFactor(tree: Tree): number {
  const own = isSelection(tree) && !isConstant(tree) ? Math.max(2, tree.children.length) : 1;
  return partsOf(tree).reduce((factor, part) => Math.min(factor * copyFactor(part), Number.MAX_SAFE_INTEGER), own);
}

function isSelection(tree: Tree): tree is Extract<Tree, { type: 'MultiSelectList' | 'MultiSelectHash' }> {
  return tree.type === 'MultiSelectList' || tree.type === 'MultiSelectHash';
}

function faultOf(tree: Tree, text: string, copies: Copies, depth: number): ExpressionFault | undefined {
  if (depth > DEEPEST) return { at: 1, message: `it is nested deeper than ${String(DEEPEST)} levels` };
  switch (tree.type) {
    case 'Function':
      return faultOfCall(tree.name, tree.children, text) ?? firstFault(tree.children, text, copies, depth);
    case 'MultiSelectList': {
      if (tree.children.every(isConstant)) return undefined;
      if (copies === 'bounded') return firstFault(tree.children, text, copies, depth);
      const message =
        "a list may hold constants only, such as ['a', 'b']; compare the fields one by one with || and &&";
      return { at: placeOf(text, 'Lbracket'), message };
    }
    case 'Slice':
      return tree.step === 0 ? { at: placeOf(text, 'Colon'), message: 'a slice cannot go in steps of 0' } : undefined;
    case 'MultiSelectHash':
      if (copies === 'bounded') return firstFault(partsOf(tree), text, copies, depth);
      return { at: placeOf(text, 'Lbrace'), message: 'objects cannot be made here; name the fields one by one' };
    case 'Root':
      return { at: placeOf(text, 'Root'), message: '$ is not available; outside of brackets @ is the record' };
    case 'ExpressionReference':
      return { at: placeOf(text, 'Expref'), message: '& is not available; && means "and"' };
    case 'Binding':
      return { at: placeOf(text, 'Assign'), message: '= assigns; == compares' };
    case 'LetExpression':
    case 'Variable':
      return { at: placeOf(text, 'Variable'), message: 'variables are not available' };
    default:
      return firstFault(partsOf(tree), text, copies, depth);
  }
}

function firstFault(trees: readonly Tree[], text: string, copies: Copies, depth: number): ExpressionFault | undefined {
  for (const tree of trees) {
    const fault = faultOf(tree, text, copies, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfCall(name: string, args: readonly Tree[], text: string): ExpressionFault | undefined {
  const at = placeOfCall(text, name);
  const arity = FUNCTIONS.get(name);
  if (arity === undefined) {
    const nearest = suggest(name, FUNCTION_NAMES);
    const hint = nearest === undefined ? `; there are ${FUNCTION_NAMES.join(', ')}` : didYouMean(nearest);
    return { at, message: `the function ${name}() is not available${hint}` };
  }
  const [least, most] = arity;
  if (args.length < least || args.length > most) {
    const wanted = least === most ? String(least) : `at least ${String(least)}`;
    return {
      at,
      message: `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${String(args.length)}`,
    };
  }
  if (name === 'contains' && !args.some(isConstant)) {
    return { at, message: "one of the two arguments of contains() must be written out, such as 'a' or ['a', 'b']" };
  }
  return undefined;
}

function isConstant(tree: Tree): boolean {
  return tree.type === 'Literal' || (tree.type === 'MultiSelectList' && tree.children.every(isConstant));
}

function partsOf(tree: Tree): readonly Tree[] {
  if (tree.type === 'Literal') return [];
  const parts = Object.values(tree as unknown as Record<string, unknown>).flat();
  return parts.filter((part): part is Tree => typeof part === 'object' && part !== null && 'type' in part);
}

function placeOf(text: string, token: string): number {
  return (tokensOf(text).find(({ type }) => type === token)?.start ?? 0) + 1;
}

function placeOfCall(text: string, name: string): number {
  const tokens = tokensOf(text);
  const call = tokens.find(({ value }, i) => value === name && tokens[i + 1]?.type === 'Lparen');
  return (call?.start ?? 0) + 1;
}
