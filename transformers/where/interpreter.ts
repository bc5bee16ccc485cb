/** How an expression is evaluated on a record. */
import { TreeInterpreter } from '@jmespath-community/jmespath';
import { getOwn, isJsonObject, setOwn } from '../../src/records/json-object.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import type { ExpressionTree } from './parse-expression.ts';

type Value = Parameters<typeof TreeInterpreter.search>[1];

type Interpreter = typeof TreeInterpreter;

/**
 * The interpreter of the library with three differences: only what the record itself holds is a field, never something of
 * the prototype; texts have an order, so that dates can be compared, for which JMESPath silently gives null; and an
 * object that an expression makes has no members without a value.
 */
const interpreter = Object.create(TreeInterpreter, {
  visit: {
    value(this: Interpreter, node: ExpressionTree, value: Value): unknown {
      if (node.type === 'Field') return isJsonObject(value) ? (getOwn(value, node.name) ?? null) : null;
      if (node.type === 'Comparator' && node.name !== 'EQ' && node.name !== 'NE') {
        return compare(node.name, this.visit(node.left, value), this.visit(node.right, value));
      }
      if (node.type === 'MultiSelectHash') return value === null ? null : makeObject(this, node.children, value);
      return TreeInterpreter.visit.call(this, node, value);
    },
  },
}) as Interpreter;

/** Returns what the expression selects, null for nothing. Throws the errors of the library, such as for a wrong type. */
export function evaluate(tree: ExpressionTree, value: unknown): unknown {
  return interpreter.visit(tree, (value ?? null) as Value);
}

type Members = Extract<ExpressionTree, { readonly type: 'MultiSelectHash' }>['children'];

function makeObject(visitor: Interpreter, members: Members, value: Value): unknown {
  const made: Record<string, unknown> = {};
  for (const { name, value: tree } of members) {
    const found = visitor.visit(tree, value);
    if (found !== null) setOwn(made, name, found);
  }
  return made;
}

/** Returns null if one of the two is null. Texts are compared by code units. */
function compare(relation: 'GT' | 'GTE' | 'LT' | 'LTE', left: unknown, right: unknown): boolean | null {
  if (left === null || right === null) return null;
  const order = orderOf(left, right);
  switch (relation) {
    case 'GT':
      return order > 0;
    case 'GTE':
      return order >= 0;
    case 'LT':
      return order < 0;
    case 'LTE':
      return order <= 0;
  }
}

function orderOf(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left === right ? 0 : left < right ? -1 : 1;
  throw new TypeError(`${describeFound(left)} and ${describeFound(right)} have no order.`);
}
