/** Every code that an operator may read is thrown somewhere, and some test provokes it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../src/error-codes.ts';
import { PROJECT_ROOT } from './support/source-files.ts';

const PRODUCT = ['src', 'workflows', 'activities', 'readers', 'transformers', 'writers'];
const REGISTER = join(PROJECT_ROOT, 'src', 'error-codes');
const CODE = /(?<![.\w])[EWS]_[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\b/g;

function filesOf(folder: string): string[] {
  return readdirSync(join(PROJECT_ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** In texts, and in the names of fixtures, which say the code that they must give. */
function codesIn(files: readonly string[]): Set<string> {
  return new Set(
    files.flatMap((path) => {
      const text = /\.(ts|json|jsonl)$/.test(path) ? readFileSync(path, 'utf8') : '';
      return `${path.replaceAll('.', ' ')} ${text}`.match(CODE) ?? [];
    }),
  );
}

const thrown = codesIn(PRODUCT.flatMap(filesOf).filter((path) => !path.startsWith(REGISTER)));
const tested = codesIn(filesOf('test').filter((path) => path !== import.meta.filename));

describe('the register of error codes', () => {
  it('has none that is thrown nowhere', () => {
    const dead = Object.keys(ERROR_CODES).filter((code) => !thrown.has(code));
    expect(dead, 'remove it, with a line in the CHANGELOG').toEqual([]);
  });

  it('has none that no test provokes', () => {
    const without = Object.keys(ERROR_CODES).filter((code) => !tested.has(code));
    expect(without, 'provoke it as an operator would, and hold its text').toEqual([]);
  });
});

it('every code of a warning or of what is left out is provoked by a test', () => {
  const spoken = [...thrown].filter((code) => /^[WS]_/.test(code));
  expect(spoken.length).toBeGreaterThan(15);
  expect(spoken.filter((code) => !tested.has(code))).toEqual([]);
});
