/**
 * Writes JSON values as YAML in block style that YAML 1.1 and 1.2 parsers read in the same way. A text that one of them
 * could read as something else (`NO`, `12:30`, `=`, characters that PyYAML refuses) is in double quotes and escaped.
 */
import { isJsonObject } from '../../src/records/json-object.ts';

/** One item of a list, with its line end. */
export function toYamlItem(value: unknown): string {
  return `- ${toBlock(value, '  ').trimStart()}\n`;
}

/** Begins with a line break where the value needs lines of its own. */
function toBlock(value: unknown, indent: string): string {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `\n${indent}- ${toBlock(item, `${indent}  `).trimStart()}`).join('');
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
    if (members.length > 0) return members.map(([key, inner]) => toMember(key, inner, indent)).join('');
    return '{}';
  }
  return toScalar(value);
}

/** Parsers look for the colon after a key of one line within 1,024 characters. */
const LONGEST_PLAIN_KEY = 1000;

function toMember(key: string, value: unknown, indent: string): string {
  const block = toBlock(value, `${indent}  `);
  const name = toScalar(key);
  if (name.length > LONGEST_PLAIN_KEY) {
    return `\n${indent}? ${name}\n${indent}:${block.startsWith('\n') ? '' : ' '}${block}`;
  }
  return `\n${indent}${name}:${block.startsWith('\n') ? '' : ' '}${block}`;
}

const PLAIN = /^\p{L}[\p{L}\p{M}\p{Nd} _().,'&/-]*$/u;
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
/** Legal in JSON text, but refused or taken for a line break by readers of YAML. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function toScalar(value: unknown): string {
  if (typeof value === 'string') {
    if (PLAIN.test(value) && !value.endsWith(' ') && !RESERVED.test(value)) return value;
    return JSON.stringify(value).replace(UNPRINTABLE, toEscape);
  }
  const text = JSON.stringify(value);
  // YAML 1.1 takes 1e+21 for a text and 1.0e+21 for a number.
  return typeof value === 'number' ? text.replace(/^(-?\d+)e/, '$1.0e') : text;
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
