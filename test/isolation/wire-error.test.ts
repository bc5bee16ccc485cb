import { expect, it } from 'vitest';
import { fromWire, toWire } from '../../src/isolation/wire-error.ts';
import {
  ConfigError,
  InternalError,
  LimitError,
  RecordError,
  SourceError,
  UnavailableError,
} from '../../src/errors.ts';

const across = (thrown: unknown): Error => fromWire(JSON.parse(JSON.stringify(toWire(thrown))) as never);

it.each([
  new ConfigError('E_JOB_INVALID', 'config', { details: { pointer: '/id' } }),
  new RecordError('E_RECORD_TYPE', 'record'),
  new UnavailableError('E_SOURCE_UNAVAILABLE', 'away', { retryAfter: 100 }),
  new SourceError('E_SOURCE_CHANGED', 'source'),
  new LimitError('E_ARCHIVE_SIZE', 'limit'),
  new InternalError('E_INTERNAL', 'internal'),
])('keeps class, code and details of $name', (error) => {
  const found = across(error);
  expect(found).toBeInstanceOf(error.constructor);
  expect(found).toMatchObject({ code: error.code, kind: error.kind, message: error.message, details: error.details });
  expect(found.stack).toBe(error.stack);
});

it('keeps the codes of causes, by which a lost connection is told from a bug', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  const error = new Error('fetch failed', { cause: new AggregateError([refused], 'all addresses') });
  const { cause } = across(error);
  expect(cause).toBeInstanceOf(AggregateError);
  expect((cause as AggregateError).errors).toMatchObject([{ code: 'ECONNREFUSED' }]);
});

it('bounds what crosses, however long or deep', () => {
  let error = new Error('x'.repeat(10_000_000));
  for (let i = 0; i < 100; i += 1) error = new Error('outer', { cause: error });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  expect(JSON.stringify(toWire(error)).length).toBeLessThan(1_000_000);
  expect(toWire(new Error('y'.repeat(1_000_000))).message.length).toBeLessThan(100_000);
  expect(toWire(new ConfigError('E_JOB_INVALID', 'm', { details: circle })).details).toHaveProperty('note');
});

it('takes what is no error', () => {
  expect(across('a text').message).toBe('a text');
});
