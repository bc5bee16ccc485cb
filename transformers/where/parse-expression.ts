/** JMESPath as text → its tree, or what is wrong with it and where. The library tells what, but not where. */
import { compile, tokenize } from '@jmespath-community/jmespath';
import { messageOf } from '../../src/errors.ts';
import { tokensOf, type ExpressionFault } from './expression-fault.ts';
import { faultOfTree, type Copies } from './refuse-costly.ts';

export type ExpressionTree = ReturnType<typeof compile>;

export type ParsedExpression =
  { readonly tree: ExpressionTree; readonly fault?: undefined } | { readonly fault: ExpressionFault };

export const LONGEST_EXPRESSION = 2_000;

/** `copies` says whether the expression may make lists and objects of fields. */
export function parseExpression(text: string, copies: Copies = 'refused'): ParsedExpression {
  const fault = faultOfTokens(text) ?? faultOfSyntax(text) ?? faultOfNames(text);
  if (fault !== undefined) return { fault };
  const tree = compile(text);
  const costly = faultOfTree(tree, text, copies);
  return costly === undefined ? { tree } : { fault: costly };
}

/** The longest beginning that can be cut into tokens ends where the mistake begins. */
function faultOfTokens(text: string): ExpressionFault | undefined {
  if (text.trim() === '') return { at: 1, message: 'it is empty' };
  const failure = failureOf(() => tokenize(text));
  if (failure === undefined) return faultOfQuotes(text);
  let end = text.length;
  while (end > 0 && failureOf(() => tokenize(text.slice(0, end))) !== undefined) end -= 1;
  const found = text.slice(end, end + 1);
  const message = /["`]/.test(found)
    ? `what begins with ${found} is not complete, or not JSON`
    : `the character ${JSON.stringify(found)} means nothing there`;
  return { at: end + 1, message };
}

/** The library takes a text without its closing quote for complete. */
function faultOfQuotes(text: string): ExpressionFault | undefined {
  const last = tokenize(text).at(-1);
  if (last === undefined || text[last.start] !== "'") return undefined;
  const written = text.slice(last.start).trimEnd();
  const isClosed = written.length > 1 && written.endsWith("'") && !/[^\\](\\\\)*\\'$/.test(written);
  return isClosed ? undefined : { at: last.start + 1, message: "the text that begins with ' does not end" };
}

/** The mistake is in the first token after which the expression cannot become valid. */
function faultOfSyntax(text: string): ExpressionFault | undefined {
  if (failureOf(() => compile(text)) === undefined) return undefined;
  const tokens = tokenize(text);
  const endOf = (token: number): number => tokens[token + 1]?.start ?? text.length;
  const isWrong = (token: number): boolean => {
    const failure = failureOf(() => compile(text.slice(0, endOf(token))));
    return failure !== undefined && !endsTooEarly(failure);
  };
  let first = 0;
  let beyond = tokens.length;
  while (first < beyond) {
    const middle = (first + beyond) >> 1;
    if (isWrong(middle)) beyond = middle;
    else first = middle + 1;
  }
  const wrong = tokens[first];
  if (wrong === undefined) return { at: text.trimEnd().length + 1, message: 'it ends too early' };
  const found = text.slice(wrong.start, endOf(first)).trimEnd();
  return { at: wrong.start + 1, message: `${JSON.stringify(found)} does not belong there` };
}

/** `status == "active"` compares two fields, which nobody means who quotes a name that needs no quotes. */
function faultOfNames(text: string): ExpressionFault | undefined {
  const quoted = tokensOf(text).find(
    ({ type, value }) => type === 'QuotedIdentifier' && /^[a-z_]\w*$/i.test(String(value)),
  );
  if (quoted === undefined) return undefined;
  const name = String(quoted.value);
  return {
    at: quoted.start + 1,
    message: `"${name}" is the name of a field; write '${name}' for a text, ${name} for the field`,
  };
}

function endsTooEarly(failure: string): boolean {
  return failure.includes('EOF');
}

function failureOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
