/** An expression as a question to a record. */
import { ConfigError, messageOf, RecordError } from '../../src/errors.ts';
import { getOwn, isJsonObject } from '../../src/records/json-object.ts';
import { evaluate } from './interpreter.ts';
import { parseExpression, type ExpressionTree } from './parse-expression.ts';

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
    return evaluate(tree, value);
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
