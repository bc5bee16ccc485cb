/**
 * Makes pages of a SPARQL query: appends LIMIT and OFFSET, and an order that decides. Without one a service may give any
 * rows on any page. That includes rows that the query's own ORDER BY leaves equal, so all selected variables are appended
 * to it. Only text outside of braces counts; comments, IRIs and strings are skipped.
 */

export interface SparqlForm {
  readonly isSelect: boolean;
  /** The LIMIT of the query itself. */
  readonly limit?: number;
  /** Returns the query for a page; undefined where the query has LIMIT, OFFSET or VALUES, or nothing to order by. */
  readonly page?: (limit: number, offset: number) => string;
}

interface Token {
  readonly text: string;
  /** Open braces around it. */
  readonly depth: number;
}

/** PN_CHARS_U of SPARQL 1.1 without the colon, or an escape for any of them. */
const LETTER = String.raw`A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\u{10000}-\u{effff}`;
const MORE = String.raw`0-9\u00b7\u0300-\u036f\u203f\u2040`;
const ESCAPE = String.raw`\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}`;
const VARIABLE = `[?$](?:[${LETTER}${MORE}]|${ESCAPE})+`;
const WORD = `[${LETTER}](?:[${LETTER}${MORE}.-]|${ESCAPE})*:?(?:[${LETTER}${MORE}.:%-]|${ESCAPE})*`;
const TOKEN = new RegExp(
  [
    String.raw`#[^\n\r]*`,
    String.raw`<[^<>"{}|^\x60\\\s]*>`,
    String.raw`"""(?:[^\\]|\\[\s\S])*?"""`,
    String.raw`'''(?:[^\\]|\\[\s\S])*?'''`,
    String.raw`"(?:[^"\\\n\r]|\\.)*"`,
    String.raw`'(?:[^'\\\n\r]|\\.)*'`,
    VARIABLE,
    WORD,
    `:[${LETTER}${MORE}.:%-]+`,
    String.raw`\d+`,
    '[{}()*]',
  ].join('|'),
  'gu',
);

export function readSparqlForm(query: string): SparqlForm {
  const tokens = tokenize(query);
  const outside = tokens.filter(({ depth, text }) => depth === 0 && text !== '{');
  const words = outside.map(({ text }) => text.toUpperCase());
  const form = words.find((word) => ['SELECT', 'ASK', 'CONSTRUCT', 'DESCRIBE'].includes(word));
  if (form !== 'SELECT') return { isSelect: false };
  const tail = words.slice(words.indexOf('}') + 1);
  const limit = Number.parseInt(tail[tail.indexOf('LIMIT') + 1] ?? '', 10);
  if (tail.some((word) => ['LIMIT', 'OFFSET', 'VALUES'].includes(word))) {
    return { isSelect: true, ...(tail.includes('LIMIT') && !Number.isNaN(limit) ? { limit } : {}) };
  }
  const order = orderOf(tokens, outside);
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

/**
 * Orders by all selected variables, after the query's own conditions or as its only order. With `*`, orders by every
 * variable; an unbound variable has no effect. Returns an empty text if the query's own conditions suffice.
 */
function orderOf(tokens: readonly Token[], outside: readonly Token[]): string | undefined {
  const texts = outside.map(({ text }) => text);
  const variables = selectedVariables(texts) ?? tokens.map(({ text }) => text).filter((text) => /^[?$]/.test(text));
  const tail = texts.slice(texts.indexOf('}') + 1);
  const order = tail.findIndex((text, i) => isWord(text, 'ORDER') && isWord(tail[i + 1], 'BY'));
  const decided = order < 0 ? [] : wholeConditions(tail.slice(order + 2));
  const missing = [...new Set(variables.map(toName))].filter((name) => !decided.includes(name));
  if (variables.length === 0) return undefined;
  if (missing.length === 0) return '';
  return `${order < 0 ? 'ORDER BY ' : ''}${missing.map((name) => `?${name}`).join(' ')}\n`;
}

/** The names of the variables that are conditions by themselves: `?a`, `DESC(?a)`; not `lang(?a)`. */
function wholeConditions(conditions: readonly string[]): readonly string[] {
  let parentheses = 0;
  return conditions.flatMap((text, i) => {
    if (text === '(') parentheses++;
    else if (text === ')') parentheses--;
    if (!/^[?$]/.test(text)) return [];
    const isDirected = parentheses === 1 && conditions[i + 1] === ')' && /^(ASC|DESC)$/i.test(conditions[i - 2] ?? '');
    return parentheses === 0 || isDirected ? [toName(text)] : [];
  });
}

function toName(variable: string): string {
  return variable.slice(1);
}

function isWord(text: string | undefined, word: string): boolean {
  return text?.toUpperCase() === word;
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
