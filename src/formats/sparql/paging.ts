/**
 * Makes pages of a SPARQL query: LIMIT and OFFSET behind it, and an order where it has none, because without one a
 * service may give any rows on any page. Only what stands outside of braces is looked at, past comments, IRIs and strings.
 */

export interface SparqlForm {
  readonly isSelect: boolean;
  /** The query for a page; undefined where it says LIMIT, OFFSET or VALUES itself, or nothing could be ordered by. */
  readonly page?: (limit: number, offset: number) => string;
}

interface Token {
  readonly text: string;
  /** Open braces around it. */
  readonly depth: number;
}

const TOKEN =
  /#[^\n\r]*|<[^<>"{}|^`\\\s]*>|"""(?:[^\\]|\\[\s\S])*?"""|'''(?:[^\\]|\\[\s\S])*?'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*'|[?$]\w+|[A-Za-z_][\w.-]*:?[\w.-]*|[{}()*]/g;

export function readSparqlForm(query: string): SparqlForm {
  const tokens = tokenize(query);
  const outside = tokens.filter(({ depth, text }) => depth === 0 && text !== '{');
  const words = outside.map(({ text }) => text.toUpperCase());
  const form = words.find((word) => ['SELECT', 'ASK', 'CONSTRUCT', 'DESCRIBE'].includes(word));
  if (form !== 'SELECT') return { isSelect: false };
  const tail = words.slice(words.indexOf('}') + 1);
  if (tail.some((word) => ['LIMIT', 'OFFSET', 'VALUES'].includes(word))) return { isSelect: true };
  const order = tail.includes('ORDER') ? '' : orderOf(tokens, outside);
  if (order === undefined) return { isSelect: true };
  return {
    isSelect: true,
    page: (limit, offset) => `${query.trimEnd()}\n${order}LIMIT ${String(limit)} OFFSET ${String(offset)}`,
  };
}

function tokenize(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  for (const [text] of query.matchAll(TOKEN)) {
    if (text.startsWith('#')) continue;
    if (text === '}') depth = Math.max(0, depth - 1);
    tokens.push({ text, depth });
    if (text === '{') depth++;
  }
  return tokens;
}

/** By all that is selected. With `*`, by every variable: one that is not bound orders nothing. */
function orderOf(tokens: readonly Token[], outside: readonly Token[]): string | undefined {
  const selected = selectedVariables(outside.map(({ text }) => text));
  const variables = selected ?? tokens.map(({ text }) => text).filter((text) => /^[?$]/.test(text));
  const unique = [...new Set(variables.map((variable) => `?${variable.slice(1)}`))];
  return unique.length === 0 ? undefined : `ORDER BY ${unique.join(' ')}\n`;
}

/** Undefined for `*`. Of an expression, the variable that it is selected AS. */
function selectedVariables(words: readonly string[]): readonly string[] | undefined {
  const start = words.findIndex((word) => word.toUpperCase() === 'SELECT') + 1;
  const variables: string[] = [];
  let parentheses = 0;
  for (const [i, word] of words.entries()) {
    if (i < start) continue;
    if (parentheses === 0 && (/^(WHERE|FROM)$/i.test(word) || word === '}')) break;
    if (parentheses === 0 && word === '*') return undefined;
    if (word === '(') parentheses++;
    else if (word === ')') parentheses--;
    else if (/^[?$]/.test(word) && (parentheses === 0 || isNamed(words, i, parentheses))) variables.push(word);
  }
  return variables;
}

function isNamed(words: readonly string[], i: number, parentheses: number): boolean {
  return parentheses === 1 && words[i - 1]?.toUpperCase() === 'AS';
}
