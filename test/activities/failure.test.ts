import { describe, expect, it, vi } from 'vitest';
import { toApplicationFailure } from '../../activities/failure.ts';
import {
  ConfigError,
  InternalError,
  LimitError,
  RecordError,
  SourceError,
  UnavailableError,
  componentFailure,
  type VocabSyncError,
} from '../../src/errors.ts';

const redact = (text: string): string => text.replaceAll('hunter2', '***');
const failure = (thrown: unknown) => toApplicationFailure(thrown, redact);

/** As pg and Node throw them. */
function coded(code: string, message = 'it broke'): Error {
  return Object.assign(new Error(message), { code });
}

describe('toApplicationFailure', () => {
  it.each([
    new ConfigError('E_ARCHIVE_NO_MATCH', 'm'),
    new SourceError('E_JSON_TRUNCATED', 'm'),
    new LimitError('E_ARCHIVE_RATIO', 'm'),
    new InternalError('E_CONSERVATION', 'm'),
    new RecordError('E_RECORD_NO_ID', 'm'),
  ])('does not try again what another attempt cannot help: $code', (error) => {
    expect(failure(error)).toMatchObject({
      type: error.code,
      message: 'm',
      nonRetryable: true,
      details: [{ kind: error.kind }],
    });
  });

  it('tries again what is away, when the other side asked for it', () => {
    expect(failure(new UnavailableError('E_SOURCE_UNAVAILABLE', 'm'))).toMatchObject({ nonRetryable: false });
    expect(failure(new UnavailableError('E_SOURCE_RATE_LIMITED', 'm', { retryAfter: 90_000 })).nextRetryDelay).toBe(
      90_000,
    );
  });

  it.each<[VocabSyncError, string, boolean]>([
    [new UnavailableError('ACME_DOWN' as 'E_SOURCE_UNAVAILABLE', 'm'), 'ACME_DOWN', false],
    [new ConfigError('ACME_KEY' as 'E_USAGE', 'm'), 'ACME_KEY', true],
    [new SourceError('toString' as 'E_SOURCE_EMPTY', 'm'), 'toString', true],
    [new SourceError(undefined as unknown as 'E_SOURCE_EMPTY', 'm'), 'E_COMPONENT_CRASH', true],
    [new UnavailableError('a\nb' as 'E_SOURCE_UNAVAILABLE', 'm'), 'E_COMPONENT_CRASH', false],
  ])('keeps the class and the code of a plug-in: %s %s', (error, type, nonRetryable) => {
    expect(failure(error)).toMatchObject({ type, nonRetryable, message: 'm', details: [{ kind: error.kind }] });
  });

  it('knows the errors of another copy of the classes, as a plug-in may carry one', async () => {
    vi.resetModules();
    const copy = await import('../../src/errors.ts');
    expect(copy.UnavailableError).not.toBe(UnavailableError);
    const error = new copy.UnavailableError('ACME_DOWN' as 'E_SOURCE_UNAVAILABLE', 'm');
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).not.toBeInstanceOf(ConfigError);
    expect(failure(error)).toMatchObject({ type: 'ACME_DOWN', nonRetryable: false });
    class OfPlugIn extends UnavailableError {}
    expect(error).not.toBeInstanceOf(OfPlugIn);
    expect(new Error('m')).not.toBeInstanceOf(UnavailableError);
  });

  it('tries again a component that crashed on a broken connection, and no other crash', () => {
    expect(failure(componentFailure('reader "acme"', coded('ECONNRESET')))).toMatchObject({ nonRetryable: false });
    expect(failure(componentFailure('reader "acme"', new TypeError('x is undefined')))).toMatchObject({
      type: 'E_COMPONENT_CRASH',
      nonRetryable: true,
      message: 'The reader "acme" failed unexpectedly: x is undefined',
    });
  });

  it('keeps the values behind the message, and no secret in any text', () => {
    const error = new SourceError('E_SOURCE_NOT_FOUND', 'GET https://x/?token=hunter2 answered 404.', {
      details: { url: 'https://x/?token=hunter2', tried: ['hunter2', 3], nested: { at: 'hunter2' } },
      cause: new Error('inner hunter2', { cause: 'deeper hunter2' }),
    });
    const made = failure(error);
    expect(made.details).toEqual([
      {
        kind: 'source',
        remedy: expect.stringContaining('Check the address') as string,
        url: 'https://x/?token=***',
        tried: ['***', 3],
        nested: { at: '***' },
        cause: 'inner *** ← deeper ***',
      },
    ]);
    expect(JSON.stringify([made.message, made.stack, made.details, made.cause])).not.toContain('hunter2');
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P02', '57P03', '08006', '08001', '40001', '40P01'])(
    'takes %s for a database that comes back',
    (code) => {
      expect(failure(coded(code))).toMatchObject({ type: 'E_DATABASE_UNAVAILABLE', nonRetryable: false });
    },
  );

  it('finds the code in what an error was caused by', () => {
    const refused = new AggregateError([coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:5432')]);
    expect(failure(new Error('outer', { cause: refused }))).toMatchObject({
      type: 'E_DATABASE_UNAVAILABLE',
      message: expect.stringContaining('::1:5432') as string,
    });
    expect(failure(new Error('Connection terminated unexpectedly'))).toMatchObject({ type: 'E_DATABASE_UNAVAILABLE' });
    expect(failure(coded('ENOSPC', 'no space left on device'))).toMatchObject({
      type: 'E_DISK_FULL',
      nonRetryable: false,
    });
  });

  it('fails loudly and at once on a bug of ours, with its stack', () => {
    const made = failure(new TypeError('x is not a function'));
    expect(made).toMatchObject({ type: 'E_INTERNAL', nonRetryable: true, message: 'Unexpected: x is not a function' });
    expect(made.stack).toContain('failure.test.ts');
    expect(failure('a text').message).toBe('Unexpected: a text');
  });

  it('stays small whatever the error carries', () => {
    const long = 'x'.repeat(100_000);
    const made = failure(new SourceError('E_SOURCE_UNEXPECTED', long, { details: { long }, cause: new Error(long) }));
    expect(JSON.stringify([made.message, made.details]).length).toBeLessThan(10_000);
  });
});
