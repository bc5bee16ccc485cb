/** The licences of what vocab-sync is built from: package-lock.json names them, and every one is in a short list. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findPackageRoot } from '../src/job/package-root.ts';

/** Licences that let vocab-sync be published under its own, with their texts in THIRD-PARTY-LICENSES.txt. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** Packages with another licence, or with none in the lock file, each with the reason why it is accepted. */
const ACCEPTED: Readonly<Record<string, string>> = {
  '@jmespath-community/jmespath': 'MPL-2.0 asks for the source of its own files, which are used unchanged.',
  argparse: 'Python-2.0 is permissive. A part of TypeDoc, which only makes the reference.',
  buildcheck: 'Its package.json names MIT in the old form, "licenses". An optional part of ssh2.',
  'caniuse-lite': 'CC-BY-4.0 is the licence of its data, which only the build of the workflow bundle reads.',
  'cpu-features': 'Its package.json names MIT in the old form, "licenses". An optional part of ssh2.',
  ssh2: 'Its package.json names MIT in the old form, "licenses".',
  unionfs: 'Its package.json names no licence. Its LICENSE file is the Unlicense.',
};

interface LockedPackage {
  readonly license?: string;
  readonly version?: string;
}

function lockedPackages(): readonly (readonly [name: string, found: LockedPackage])[] {
  const text = readFileSync(join(findPackageRoot(), 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, LockedPackage>> };
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, found]) => [path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), found]);
}

/** Whether an SPDX expression needs nothing else: `MIT OR GPL-3.0` is fine, `MIT AND GPL-3.0` is not. */
function isPermissive(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, '');
  if (plain.includes(' OR ')) return plain.split(' OR ').some(isPermissive);
  return plain.split(' AND ').every((licence) => PERMISSIVE.has(licence));
}

it('are permissive, or accepted for a reason', () => {
  const others = lockedPackages()
    .filter(([name, { license }]) => !isPermissive(license ?? '') && !(name in ACCEPTED))
    .map(([name, { version = '', license = 'no licence' }]) => `${name} ${version}: ${license}`);
  expect(others).toEqual([]);
});

it('are accepted only for packages that are there', () => {
  const names = new Set(lockedPackages().map(([name]) => name));
  expect(Object.keys(ACCEPTED).filter((name) => !names.has(name))).toEqual([]);
});

it.each([
  ['MIT OR GPL-3.0', true],
  ['MIT AND GPL-3.0', false],
  ['AGPL-3.0-only', false],
  ['', false],
])('of "%s" are permissive: %s', (expression, isFine) => {
  expect(isPermissive(expression)).toBe(isFine);
});
