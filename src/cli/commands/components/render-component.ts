/** Renders one component for people: what it does, its arguments, an example to paste. */
import { getOwn, isJsonObject, type JsonObject } from '../../../records/json-object.ts';
import { flattenArguments, textOf } from '../../../job/reference/args-table.ts';
import type { ComponentFacts } from './component-facts.ts';
import { fitText, PLAIN, type Page } from '../../render/page.ts';
import { renderTable } from '../../render/render-table.ts';

export function renderComponent(
  { kind, type, summary, description, args, examples }: ComponentFacts,
  page: Page = PLAIN,
): string {
  const parts = [`${type} (${kind}): ${summary}\n`];
  if (description !== null) parts.push(`${description.trim()}\n`);
  const rows = argumentRows(args);
  parts.push(rows.length === 0 ? 'It takes no arguments.\n' : `Arguments:\n${renderTable(COLUMNS, rows, '  ', page)}`);
  if (examples.length > 0) {
    const lines = examples.map(
      ({ title, args: example }) => `  ${title}:\n    ${JSON.stringify({ type, args: example })}\n`,
    );
    parts.push(`Examples:\n${lines.join('')}`);
  }
  return fitText(parts.join('\n'), page);
}

const COLUMNS = [
  { title: 'name' },
  { title: 'type', most: 40, wraps: true },
  { title: 'default', most: 30, wraps: true },
  { title: 'meaning', wraps: true },
];

function argumentRows(schema: JsonObject): readonly (readonly string[])[] {
  return flattenArguments(schema).map(({ name, property, isRequired }) => {
    const fallback = getOwn(property, 'default');
    const shown = fallback === undefined ? (isRequired ? 'required' : '') : JSON.stringify(fallback);
    return [name, typeOf(property), shown, textOf(property)];
  });
}

function typeOf(facts: JsonObject): string {
  const choices = getOwn(facts, 'enum');
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join(' | ');
  const constant = getOwn(facts, 'const');
  if (constant !== undefined) return JSON.stringify(constant);
  const type = getOwn(facts, 'type');
  if (typeof type === 'string') return type;
  for (const word of ['anyOf', 'oneOf']) {
    const options = getOwn(facts, word);
    if (Array.isArray(options))
      return (options as unknown[]).map((option) => (isJsonObject(option) ? typeOf(option) : 'any')).join(' | ');
  }
  return 'any';
}
