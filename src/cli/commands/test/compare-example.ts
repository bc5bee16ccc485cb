/** Compares the result of an example with the expected one. */
import { clip } from '../../../clip.ts';
import { compareFields } from '../../../records/field-changes.ts';
import type { PreviewEntry } from '../preview/preview-format.ts';
import type { Example } from './read-examples.ts';

export interface Outcome {
  readonly entries: PreviewEntry[];
  readonly warnings: Set<string>;
  error: { readonly code: string; readonly message: string } | undefined;
}

/** Values are JSON, cut where they are long. */
export type Difference =
  | {
      readonly kind: 'field';
      readonly id: string;
      readonly pointer: string;
      readonly expected: string;
      readonly found: string;
    }
  | { readonly kind: 'missing'; readonly id: string; readonly reason: string }
  | { readonly kind: 'unexpected'; readonly id: string; readonly found: string }
  | { readonly kind: 'rejection'; readonly expected: string; readonly found?: undefined }
  | { readonly kind: 'rejection'; readonly found: string }
  | {
      readonly kind: 'count' | 'end' | 'request';
      readonly what: string;
      readonly expected: string;
      readonly found: string;
    };

interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly id: string | undefined;
  readonly origin: string;
}

/** If several records have the same id, the last one counts, as in a run. */
export function compareExample(example: Example, { entries, warnings, error }: Outcome): readonly Difference[] {
  const published = new Map<string, unknown>();
  const rejections: Rejection[] = [];
  let filtered = 0;
  for (const { result, origin } of entries) {
    if (result.kind === 'staged') published.set(result.document.id, JSON.parse(result.document.json));
    else if (result.kind === 'filtered') filtered += 1;
    else rejections.push({ ...result.rejection, id: result.rejection.recordId, origin });
  }
  return [
    ...compareEnd(example.error, error),
    ...compareRecords(example, published, rejections),
    ...compareRejections(example, rejections),
    ...compareCount('filtered records', example.filtered, filtered),
    ...compareCount('warnings', example.warnings?.toSorted().join(', '), [...warnings].toSorted().join(', ')),
  ];
}

function compareEnd(expected: string | undefined, found: Outcome['error']): readonly Difference[] {
  if (expected === found?.code) return [];
  const shown = found === undefined ? 'none' : clip(`${found.code}: ${found.message}`, LONGEST_VALUE);
  return [{ kind: 'end', what: 'the error that ends the reading', expected: expected ?? 'none', found: shown }];
}

function compareRecords(
  example: Example,
  published: ReadonlyMap<string, unknown>,
  rejections: readonly Rejection[],
): readonly Difference[] {
  const expected = new Map(example.expected.map((record) => [String(record['id']), record]));
  const differences: Difference[] = [];
  for (const [id, record] of expected) {
    const found = published.get(id);
    if (found === undefined) differences.push({ kind: 'missing', id, reason: reasonOf(id, rejections) });
    else {
      for (const { pointer, before, after } of compareFields(record, found)) {
        differences.push({ kind: 'field', id, pointer, expected: show(before), found: show(after) });
      }
    }
  }
  for (const [id, record] of published) {
    if (!expected.has(id)) differences.push({ kind: 'unexpected', id, found: show(record) });
  }
  return differences;
}

function reasonOf(id: string, rejections: readonly Rejection[]): string {
  const rejected = rejections.find((rejection) => rejection.id === id);
  return rejected === undefined
    ? 'no record of this id was made'
    : clip(`rejected: ${rejected.message}`, LONGEST_VALUE);
}

function compareRejections({ rejected }: Example, found: readonly Rejection[]): readonly Difference[] {
  const left = [...found];
  const differences: Difference[] = [];
  for (const { code, id, message } of rejected) {
    const at = left.findIndex(
      (rejection) =>
        rejection.code === code &&
        (id === undefined || rejection.id === id) &&
        (message === undefined || rejection.message.includes(message)),
    );
    if (at >= 0) left.splice(at, 1);
    else {
      const wanted = [code, id === undefined ? '' : `of ${id}`, message === undefined ? '' : `with ${show(message)}`];
      differences.push({ kind: 'rejection', expected: wanted.filter((part) => part !== '').join(' ') });
    }
  }
  for (const { code, message, origin } of left) {
    differences.push({ kind: 'rejection', found: clip(`${code}: ${message} (${origin})`, LONGEST_VALUE) });
  }
  return differences;
}

function compareCount(
  what: string,
  expected: string | number | undefined,
  found: string | number,
): readonly Difference[] {
  if (expected === undefined || expected === found) return [];
  return [{ kind: 'count', what, expected: String(expected) || 'none', found: String(found) || 'none' }];
}

const LONGEST_VALUE = 300;

function show(value: unknown): string {
  return value === undefined ? 'nothing' : clip(JSON.stringify(value), LONGEST_VALUE);
}
