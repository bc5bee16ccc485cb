import { expect, it } from 'vitest';
import { parseContentRange } from '../../src/http/content-range.ts';
import { rememberSecret, withOwnSecrets } from '../../src/logging/redact.ts';
import { fileNameOf } from '../../src/http/file-name-of.ts';
import { parseRecordDate } from '../../src/http/find-record-date.ts';
import { retryAfterOf } from '../../src/http/retry-after.ts';
import { toUserAgent } from '../../src/http/to-user-agent.ts';

it('Content-Range', () => {
  expect(parseContentRange('bytes 100-999/1000')).toEqual({ start: 100, total: 1000 });
  expect(parseContentRange('bytes 100-999/*')).toEqual({ start: 100 });
  expect(parseContentRange('bytes */1000')).toEqual({ total: 1000 });
  expect(parseContentRange('items 1-2/3')).toBeUndefined();
  expect(parseContentRange(undefined)).toBeUndefined();
});

it('Retry-After is never negative, never longer than a day, and absent when it makes no sense', () => {
  const now = Date.parse('2026-07-01T00:00:00Z');
  expect(retryAfterOf({ 'retry-after': '120' }, now)).toBe(120_000);
  expect(retryAfterOf({ 'retry-after': 'Wed, 01 Jul 2026 00:01:00 GMT' }, now)).toBe(60_000);
  expect(retryAfterOf({ 'retry-after': 'Tue, 30 Jun 2026 00:00:00 GMT' }, now)).toBe(0);
  expect(retryAfterOf({ 'retry-after': '99999999999' }, now)).toBe(86_400_000);
  expect(retryAfterOf({ 'retry-after': 'soon' }, now)).toBeUndefined();
  expect(retryAfterOf({}, now)).toBeUndefined();
});

it('file names are safe wherever they come from', () => {
  expect(fileNameOf('https://x.org/records/1/files/v2.9-2026-06-23-ror-data.zip?download=1')).toBe(
    'v2.9-2026-06-23-ror-data.zip',
  );
  expect(fileNameOf('https://x.org/api/records/1/files/a.zip/content')).toBe('a.zip');
  expect(fileNameOf('https://x.org/files/..%2F..%2Fetc%2Fpasswd')).toBe('_.._etc_passwd');
  expect(fileNameOf('https://x.org/files/%00%0a;rm -rf')).toBe('_rm_-rf');
  expect(fileNameOf('https://x.org/100%/caf%C3%A9')).toBe('café');
  expect(fileNameOf('https://x.org/')).toBe('download');
  withOwnSecrets(() => {
    rememberSecret('https://x.org:8080/feed/PATHTOKENsecretword');
    expect(fileNameOf('https://x.org:8080/feed/PATHTOKENsecretword')).toMatch(/^x\.org_8080-[0-9a-f]{8}$/);
    expect(fileNameOf('https://cdn.org/PATHTOKENsecretword/a.zip')).toMatch(/^cdn\.org-[0-9a-f]{8}$/);
    expect(fileNameOf('https://x.org/feed/a.zip')).toBe('a.zip');
  });
  expect(fileNameOf(`https://x.org/${'a'.repeat(500)}`)).toHaveLength(100);
});

it('record dates: a date alone is midnight UTC, a time without zone is UTC, microseconds are cut', () => {
  expect(parseRecordDate('2026-06-23')?.time.toISOString()).toBe('2026-06-23T00:00:00.000Z');
  expect(parseRecordDate('2026-06-23')?.until.toISOString()).toBe('2026-06-23T23:59:59.999Z');
  expect(parseRecordDate('2026-06-23T14:00:00.123456+00:00')?.time.toISOString()).toBe('2026-06-23T14:00:00.123Z');
  expect(parseRecordDate('2026-06-23 14:00:00')?.time.toISOString()).toBe('2026-06-23T14:00:00.000Z');
  for (const bad of ['2026', 'June 2026', '2026-13-45', '', 7, null, undefined])
    expect(parseRecordDate(bad)).toBeUndefined();
});

it('the user agent says who we are and where to find us', () => {
  expect(toUserAgent({ version: '1.2.3' })).toBe('vocab-sync/1.2.3');
  expect(toUserAgent({ version: '1.2.3', repository: { url: 'git+https://example.org/x.git' } })).toBe(
    'vocab-sync/1.2.3 (+https://example.org/x)',
  );
});
