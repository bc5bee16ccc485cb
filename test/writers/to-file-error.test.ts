import { expect, it } from 'vitest';
import { toFileError } from '../../writers/file/to-file-error.ts';

const systemError = (code: string): Error => Object.assign(new Error(`${code}: write`), { code });

it.each([
  ['ENOSPC', 'E_DISK_FULL', 'Free space'],
  ['EDQUOT', 'E_DISK_FULL', 'Free space'],
  ['EACCES', 'E_FILE_NOT_FOUND', 'Let the user of the worker write there'],
  ['EROFS', 'E_FILE_NOT_FOUND', 'Let the user of the worker write there'],
  ['ENOENT', 'E_FILE_NOT_FOUND', 'Create it'],
  ['ENAMETOOLONG', 'E_FILE_NOT_FOUND', 'Correct "path"'],
])('%s is %s with advice', (code, expected, advice) => {
  const error = toFileError(systemError(code), '/out/a.jsonl');
  expect(error).toMatchObject({ code: expected, details: { path: '/out/a.jsonl', code } });
  expect((error as Error).message).toContain(advice);
});

it('leaves what it does not know as it is', () => {
  const error = systemError('EIO');
  expect(toFileError(error, '/out/a.jsonl')).toBe(error);
});
