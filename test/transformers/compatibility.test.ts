/** docs/compatibility.md: each difference names the tests that hold it, and they are there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { orcidRules } from './orcid-differences.ts';
import { rules as rorRules } from './ror-differences.ts';

const rules = [...rorRules, ...orcidRules];

const root = findPackageRoot();
const page = readFileSync(join(root, 'docs/compatibility.md'), 'utf8');
const differences = page.split(/^### /m).slice(1);

interface NamedTest {
  readonly file: string;
  readonly name: string;
}

function testsOf(difference: string): NamedTest[] {
  const line = /^- Test: (.*)$/m.exec(difference)?.[1] ?? '';
  return [...line.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file = '', name = '']) => ({ file, name }));
}

describe.each(differences.map((difference) => [difference.split('\n')[0] ?? '', difference] as const))(
  'the difference "%s"',
  (_title, difference) => {
    it('says what both do and why', () => {
      for (const part of ['InvenioRDM', 'Here', 'Why'])
        expect(difference).toMatch(new RegExp(`^- ${part}: .+\\.`, 'm'));
    });

    it('names tests that are there', () => {
      const tests = testsOf(difference);
      expect(tests).not.toEqual([]);
      for (const { file, name } of tests) {
        expect(existsSync(join(root, file)), file).toBe(true);
        expect(readFileSync(join(root, file), 'utf8'), file).toContain(name);
      }
    });
  },
);

it('each rule that explains a difference from the reference outputs is on the page', () => {
  const named = differences.flatMap(testsOf).map(({ name }) => name);
  expect(named).toEqual(expect.arrayContaining(rules.map(({ name }) => name)));
});
