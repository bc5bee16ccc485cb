/** Checks that a job file contains no credential, only references, and only where a component reads them. */
import { holdsUrlCredentials, looksLikeCredential } from './credential-names.ts';
import { getOwn, isJsonObject } from '../../records/json-object.ts';
import { toPointer, type Path } from '../pointer.ts';
import { mismatch, type Report } from './problem.ts';
import { isSecretName, referenceKind } from '../effective/references.ts';

export function checkCredentials(config: unknown, report: Report): void {
  visit(config, [], report);
}

function visit(value: unknown, path: Path, report: Report): void {
  const kind = referenceKind(value);
  if (kind !== undefined && isJsonObject(value)) {
    checkReference(kind, value, path, report);
  } else if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      visit(item, [...path, index], report);
    });
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key], report);
  } else {
    checkLiteral(value, path, report);
  }
}

function checkLiteral(value: unknown, path: Path, report: Report): void {
  if (typeof value !== 'string' && typeof value !== 'number') return;
  // The keys are fields of a record.
  if (typeof value === 'number' && path.at(-2) === 'min_fill_percent') return;
  const key = nameOf(path);
  if (value !== '' && looksLikeCredential(key)) {
    const name = key.replaceAll(/[^A-Za-z0-9]+/g, '_').toUpperCase();
    report({
      severity: 'error',
      pointer: toPointer(path),
      message: `expected a reference such as {"$secret": "env:${name}"}, found a literal value: a job file holds no credentials`,
      expected: 'a $secret reference',
      found: 'a literal value (not shown)',
      suggestion: `{"$secret": "env:${name}"}`,
    });
  } else if (typeof value === 'string' && holdsUrlCredentials(value)) {
    report({
      severity: 'error',
      pointer: toPointer(path),
      message: 'expected a URL without user, password or key in it; credentials are given by {"$secret": "env:NAME"}',
      expected: 'a URL without credentials',
      found: 'a URL with credentials (not shown)',
    });
  }
}

/** The items of a list go by the name of the list. */
function nameOf(path: Path): string {
  return path.findLast((step) => typeof step === 'string') ?? '';
}

function checkReference(
  kind: '$secret' | '$arg',
  value: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
): void {
  const pointer = toPointer(path);
  const isRead = (path.includes('args') && path[0] !== 'args') || (kind === '$secret' && path[0] === 'notify');
  if (!isRead) {
    report({ severity: 'error', pointer, message: `a ${kind} reference is only read in the args of a component` });
  }
  if (Object.keys(value).length > 1) {
    report({
      severity: 'error',
      pointer,
      message: `expected nothing beside "${kind}" in a reference, found other keys`,
    });
  }
  const name = getOwn(value, kind);
  if (kind === '$secret' && !isSecretName(name)) {
    // The value may be the secret itself.
    const expected = '"env:NAME" or "file:/absolute/path"';
    const found = typeof name === 'string' ? 'another text (not shown)' : 'something else';
    report({
      severity: 'error',
      pointer: `${pointer}/$secret`,
      message: `expected ${expected}, found ${found}`,
      expected,
      found,
    });
  }
  if (kind === '$arg' && typeof name !== 'string') {
    report(mismatch(`${pointer}/$arg`, 'the name of an argument', name));
  }
}
