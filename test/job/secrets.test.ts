import { describe, expect, it } from 'vitest';
import { createSecretResolver, findSecretRefs, resolveSecrets } from '../../src/job/secrets.ts';
import { refusalOf } from '../support/refusal-of.ts';

const resolve = createSecretResolver({
  env: { TOKEN: 'hunter2', EMPTY: '' },
  readFile: (path) => {
    if (path === '/run/secrets/key') return 'from-file\n';
    if (path === '/run/secrets/empty') return '\n';
    throw new Error('ENOENT');
  },
});

describe('secrets', () => {
  it('take the place of their references, wherever these stand', () => {
    const args = {
      url: 'https://example.org',
      headers: { a: { $secret: 'env:TOKEN' } },
      list: [{ $secret: 'file:/run/secrets/key' }],
    };
    expect(resolveSecrets(args, resolve)).toEqual({
      url: 'https://example.org',
      headers: { a: 'hunter2' },
      list: ['from-file'],
    });
    expect(args.headers.a).toEqual({ $secret: 'env:TOKEN' });
    expect(findSecretRefs(args)).toEqual([
      { pointer: '/headers/a', name: 'env:TOKEN' },
      { pointer: '/list/0', name: 'file:/run/secrets/key' },
    ]);
  });

  it.each([
    ['env:MISSING', 'MISSING, which is not set'],
    ['env:EMPTY', 'EMPTY, which is empty'],
    ['file:/run/secrets/none', '/run/secrets/none, which cannot be read'],
    ['file:/run/secrets/empty', '/run/secrets/empty, which is empty'],
  ])('%s that is not there is named', (reference, says) => {
    const refusal = refusalOf(() => resolveSecrets({ token: { $secret: reference } }, resolve));
    expect(refusal.code).toBe('E_SECRET_NOT_FOUND');
    expect(refusal.message).toContain(says);
  });

  it('that stand in the place of a reference are not shown', () => {
    const refusal = refusalOf(() => resolve('hunter2'));
    expect(refusal.code).toBe('E_SECRET_NOT_FOUND');
    expect(refusal.message).not.toContain('hunter2');
  });
});
