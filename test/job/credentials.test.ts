import { describe, expect, it } from 'vitest';
import { holdsUrlCredentials, mayHoldCredential } from '../../src/job/check/credential-names.ts';
import { describeFound } from '../../src/job/check/problem.ts';
import { GOOD, said } from './check-text.ts';

describe('holdsUrlCredentials', () => {
  it.each([
    'https://h/x?sig=abc%3D',
    'https://h/x?sv=1&se=2&sig=abc',
    'https://h/x?X-Amz-Signature=abc',
    'https://h/x?X-Amz-Credential=AK%2F2026',
    'https://h/x?X-Amz-Security-Token=abc',
    'https://h/x?AWSAccessKeyId=AK',
    'https://h/x;token=abc',
    'https://h/x;jsessionid=1;token=abc',
    'https://h/x?access_token=abc',
    'https://h/x#access_token=abc',
    'https://h/x?api_key=abc',
    'https://h/x?apikey=abc',
    'https://h/x?apiKey=abc',
    'https://h/x?subscription-key=abc',
    'https://h/x?Ocp-Apim-Subscription-Key=abc',
    'https://h/x?api%5Fkey=abc',
    'https://h/x?jwt=abc',
    'https://h/x?key=AIzaSyA1234567890abcdef',
    'https://u:p@h/x',
  ])('refuses %s', (url) => {
    expect(holdsUrlCredentials(url)).toBe(true);
  });

  it.each([
    'https://h/x?key=subjects',
    'https://h/x?code=DE',
    'https://h/x?design=flat',
    'https://h/x?token_type=x',
    'https://h/x?page=2&size=25',
    'https://h/x;version=2',
    'https://h/#section=2',
  ])('takes %s', (url) => {
    expect(holdsUrlCredentials(url)).toBe(false);
  });
});

describe('what a message shows of a value', () => {
  it.each(['app:hunter2@h/db', 'postgresql//app:hunter2@h/db', 'http//u:hunter2@h/x', 'https://h/x?sig=hunter2'])(
    'is not a text such as %s',
    (text) => {
      expect(mayHoldCredential(text)).toBe(true);
      expect(describeFound(text, '/readers/0/args/origin')).not.toContain('hunter2');
    },
  );

  it('is not the value of a header', () => {
    expect(describeFound('hunter2', '/readers/0/args/headers/X-Own')).not.toContain('hunter2');
  });

  it.each(['someone@example.org', '30 3 * * 1', 'a:b'])('is %s', (text) => {
    expect(describeFound(text)).toContain(text);
  });
});

it('refuses a $secret where a writer is named by it', async () => {
  const writers = [{ type: 'postgres', args: { table: { $secret: 'env:TABLE' } } }];
  expect((await said({ ...GOOD, writers })).join()).toMatch(
    /writers\/0\/args\/table: expected a name in the job itself/,
  );
});
