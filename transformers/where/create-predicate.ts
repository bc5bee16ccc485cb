/** An expression as a question to a record. */
import { TreeInterpreter } from '@jmespath-community/jmespath';
import { ConfigError, messageOf, RecordError } from '../../src/errors.ts';
import { getOwn, isJsonObject } from '../../src/records/json-object.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import { parseExpression, type ExpressionTree } from './parse-expression.ts';

type Value = Parameters<typeof TreeInterpreter.search>[1];

type Interpreter = typeof TreeInterpreter;

/**
 * The interpreter of the library with two differences: only what the record itself holds is a field, never something of
 * the prototype; and texts have an order, so that dates can be compared. JMESPath gives null for them, without a word.
 */
const interpreter = Object.create(TreeInterpreter, {
  visit: {
    value(this: Interpreter, node: ExpressionTree, value: Value): unknown {
      if (node.type === 'Field') return isJsonObject(value) ? (getOwn(value, node.name) ?? null) : null;
      if (node.type === 'Comparator' && node.name !== 'EQ' && node.name !== 'NE') {
        return compare(node.name, this.visit(node.left, value), this.visit(node.right, value));
      }
      return TreeInterpreter.visit.call(this, node, value);
    },
  },
}) as Interpreter;

/** Null where one of the two is. Texts go by their code units. */
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

/** True for what JMESPath takes for true: not false, null, '', [] or {}. Throws RecordError where it cannot be asked. */
export function createPredicate(text: string): (value: unknown) => boolean {
  const parsed = parseExpression(text);
  if (parsed.fault !== undefined) {
    throw new ConfigError('E_JOB_INVALID', `The expression ${shown(text)} cannot be used: ${parsed.fault.message}.`);
  }
  const { tree } = parsed;
  return (value) => isTrue(ask(tree, text, value));
}

function ask(tree: ExpressionTree, text: string, value: unknown): unknown {
  try {
    return interpreter.visit(tree, value as Value);
  } catch (error) {
    const id = isJsonObject(value) ? getOwn(value, 'id') : undefined;
    throw new RecordError(
      'E_RECORD_TYPE',
      `The expression ${shown(text)} cannot be asked of this record: ${messageOf(error)} Where a field may be absent, ask for it first, as in "name && …".`,
      { cause: error, details: typeof id === 'string' ? { id } : {} },
    );
  }
}

function isTrue(found: unknown): boolean {
  if (found === undefined || found === null || found === false || found === '') return false;
  return typeof found !== 'object' || Object.keys(found).length > 0;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text);
}
