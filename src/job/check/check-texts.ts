/** Checks that every text of a job can be stored and sent as UTF-8. Other texts are refused with their position. */
import { isJsonObject } from '../../records/json-object.ts';
import { toPointer, type Path } from '../pointer.ts';
import type { Report } from './problem.ts';

export function checkTexts(config: unknown, report: Report): void {
  visit(config, [], report);
}

function visit(value: unknown, path: Path, report: Report): void {
  if (typeof value === 'string') checkText(value, path, false, report);
  else if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      visit(item, [...path, index], report);
    });
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      checkText(key, [...path, key], true, report);
      visit(inner, [...path, key], report);
    }
  }
}

function checkText(text: string, path: Path, atKey: boolean, report: Report): void {
  const found = text.includes('\0') ? 'the character \\u0000' : text.isWellFormed() ? undefined : 'half a character';
  if (found === undefined) return;
  const what = atKey ? 'a key' : 'a text';
  const message = `expected ${what} that can be stored, found ${found} in it`;
  report({
    severity: 'error',
    pointer: toPointer(path),
    atKey,
    message,
    expected: `${what} that can be stored`,
    found,
  });
}
