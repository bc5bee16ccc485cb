import { expect, it } from 'vitest';
import { transformItem } from '../../src/pipeline/stage/transform-items.ts';

const take = (value: unknown) =>
  transformItem(
    { position: 0, value },
    { transforms: [(read) => read], check: undefined },
    () => 'file:0',
    () => undefined,
  );

it.each([
  ['longer than a record may be', { texts: Array.from({ length: 65 }, () => 'x'.repeat(1 << 20)) }],
  ['longer than any text', { toJSON: () => tooLong() }],
])('a record whose JSON is %s is one rejection', (_what, parts) => {
  expect(take({ id: 'big', ...parts })).toMatchObject({
    kind: 'rejected',
    rejection: { code: 'E_RECORD_TOO_LARGE', recordId: 'big' },
  });
});

/** What V8 throws, without filling half a gigabyte first. */
function tooLong(): never {
  throw new RangeError('Invalid string length');
}

it('a value that cannot be written as JSON is one rejection', () => {
  const circle: Record<string, unknown> = { id: 'circle' };
  circle['self'] = circle;
  expect(take(circle)).toMatchObject({ kind: 'rejected', rejection: { code: 'E_RECORD_CRASH', raw: undefined } });
});
