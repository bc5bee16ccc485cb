/** What the engine itself refuses in a record. */
import { describe, expect, it } from 'vitest';
import { transformItem } from '../../src/pipeline/stage/transform-items.ts';

const chain = { transforms: [], check: undefined };
const stage = (value: unknown) =>
  transformItem(
    { position: 0, value },
    chain,
    () => 'here',
    () => undefined,
  );

describe('text that a database cannot store', () => {
  const LARGE = 15_000_000;

  it.each([
    ['a NUL character in a large record', { id: 'a', text: `${'x'.repeat(LARGE)}\u0000` }],
    ['half of a surrogate pair after many backslashes', { id: 'a', text: `${'\\'.repeat(1_000_000)}\udc00` }],
    ['a NUL character in a key', { id: 'a', 'k\u0000': 1 }],
  ])('is rejected: %s', (_, value) => {
    expect(stage(value)).toMatchObject({ kind: 'rejected', rejection: { code: 'E_RECORD_TEXT' } });
  });

  it.each([
    ['the six characters of an escape in a large record', { id: 'a', text: `${'x'.repeat(LARGE)}\\u0000` }],
    ['escapes after any number of backslashes', { id: 'a', text: '\\u0000 \\\\u0000 \\\\\\u0000 \\ud800' }],
    ['whole surrogate pairs', { id: 'a', text: '😀'.repeat(1000) }],
  ])('is not seen in %s', (_, value) => {
    expect(stage(value)).toMatchObject({ kind: 'staged', document: { json: JSON.stringify(value) } });
  });
});
