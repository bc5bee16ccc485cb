/** Parses templates such as `https://example.org/{/id}`, which mix text and JSON pointers. `{{` and `}}` are braces. */
import { parsePointer } from './pointer.ts';

export type TemplatePart = { readonly text: string } | { readonly pointer: string; readonly path: readonly string[] };

export type ParsedTemplate<Part = TemplatePart> =
  { readonly parts: readonly Part[]; readonly fault?: undefined } | { readonly fault: string };

/**
 * `parseOther` reads what is in braces and is no pointer; it returns its part, or a text that says what was expected.
 * Without it only pointers may be in braces.
 */
export function parseTemplate<Other extends object = never>(
  template: string,
  parseOther?: (text: string) => Other | string,
): ParsedTemplate<TemplatePart | Other> {
  const parts: (TemplatePart | Other)[] = [];
  const pieces = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;
  for (const { 0: piece, 1: pointer, index } of template.matchAll(pieces)) {
    if (piece === '{' || piece === '}') {
      return {
        fault: `expected ${piece === '{' ? '}' : '{'} for the ${piece} at character ${String(index + 1)}; write ${piece}${piece} for the brace itself`,
      };
    }
    if (pointer === undefined) parts.push({ text: piece === '{{' ? '{' : piece === '}}' ? '}' : piece });
    else if (/^(?:\/(?:[^~/]|~[01])*)+$/.test(pointer)) parts.push({ pointer, path: parsePointer(pointer) });
    else {
      const other = parseOther?.(pointer);
      const place = `at character ${String(index + 1)}`;
      if (other === undefined)
        return { fault: `expected a JSON pointer in braces ${place}, such as {/id}, found ${piece}` };
      if (typeof other === 'string') return { fault: `expected ${other} ${place}, found ${piece}` };
      parts.push(other);
    }
  }
  return { parts };
}
