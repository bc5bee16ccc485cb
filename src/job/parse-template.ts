/** `https://example.org/{/id}`: text and JSON pointers in turn. `{{` and `}}` stand for braces. */
import { parsePointer } from './pointer.ts';

export type TemplatePart = { readonly text: string } | { readonly pointer: string; readonly path: readonly string[] };

export type ParsedTemplate =
  { readonly parts: readonly TemplatePart[]; readonly fault?: undefined } | { readonly fault: string };

export function parseTemplate(template: string): ParsedTemplate {
  const parts: TemplatePart[] = [];
  const pieces = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g;
  for (const { 0: piece, 1: pointer, index } of template.matchAll(pieces)) {
    if (piece === '{' || piece === '}') {
      return {
        fault: `expected ${piece === '{' ? '}' : '{'} for the ${piece} at character ${String(index + 1)}; write ${piece}${piece} for the brace itself`,
      };
    }
    if (pointer === undefined) parts.push({ text: piece === '{{' ? '{' : piece === '}}' ? '}' : piece });
    else if (/^(?:\/(?:[^~/]|~[01])*)+$/.test(pointer)) parts.push({ pointer, path: parsePointer(pointer) });
    else
      return {
        fault: `expected a JSON pointer in braces at character ${String(index + 1)}, such as {/id}, found ${piece}`,
      };
  }
  return { parts };
}
