/** Fills the templates of a request from a record and from what the target told of it. */
import { RecordError } from '../../src/errors.ts';
import { parseTemplate, type TemplatePart } from '../../src/job/parse-template.ts';
import { valueAt } from '../../src/job/pointer.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { asPointers } from './rest-args.ts';

export interface TemplateValues {
  readonly record: unknown;
  readonly remote: unknown;
}

/** Throws RecordError E_TARGET_REFUSED where a value is not there or is no text or number. */
export function fillPath(template: string, values: TemplateValues): string {
  return partsOf(template)
    .map((part) => {
      if ('text' in part) return part.text;
      const value = valueAt(values, part.path);
      if (typeof value === 'string' || typeof value === 'number') return encodeURIComponent(value);
      const found = value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : typeof value;
      throw new RecordError(
        'E_TARGET_REFUSED',
        `Expected a text or a number at ${part.pointer.replace(/^\/record/, '')} for the path ${template}, found ${found}.`,
      );
    })
    .join('');
}

/** Undefined where a template that is the whole value finds nothing. */
export function fillBody(template: unknown, values: TemplateValues): unknown {
  if (typeof template === 'string') return fillText(template, values);
  if (Array.isArray(template)) {
    return template.map((item: unknown) => fillBody(item, values)).filter((item) => item !== undefined);
  }
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template)
      .map(([key, item]): [string, unknown] => [key, fillBody(item, values)])
      .filter(([, item]) => item !== undefined),
  );
}

function fillText(template: string, values: TemplateValues): unknown {
  const parts = partsOf(template);
  const [first] = parts;
  if (parts.length === 1 && first !== undefined && 'path' in first) return valueAt(values, first.path);
  const filled = parts.map((part) => ('text' in part ? part.text : valueAt(values, part.path)));
  if (filled.includes(undefined)) return undefined;
  return filled.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('');
}

/** A template of a checked job; other braces in a body are kept. */
function partsOf(template: string): readonly TemplatePart[] {
  const parsed = parseTemplate(asPointers(template));
  return parsed.fault === undefined ? parsed.parts : [{ text: template }];
}
