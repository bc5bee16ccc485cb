import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gzip } from '../../readers/gzip.ts';
import { SourceError } from '../../src/errors.ts';
import { fixtureRecords, formatFixtures } from '../support/format-fixtures.ts';
import { bytesResource, contentOf, errorOf, pathResource, readMembers, testContext } from '../support/read-resource.ts';

async function unpack(resource = bytesResource(''), args: unknown = {}): Promise<Buffer> {
  const [member] = await readMembers(gzip, resource, args);
  return member === undefined ? Buffer.alloc(0) : contentOf(member.resource);
}

describe('gzip', () => {
  it.each(formatFixtures('gzip', 'ok'))('reads $name', async ({ path }) => {
    expect(JSON.parse(String(await unpack(pathResource(path))))).toEqual(fixtureRecords);
  });

  it.each(formatFixtures('gzip', 'bad'))('refuses $name with its code', async ({ path, code }) => {
    expect((await errorOf(unpack(pathResource(path)))).code).toBe(code);
  });

  it('says what it found in place of gzip, and where a damaged one ends', async () => {
    expect((await errorOf(unpack(bytesResource('<html>', [1])))).message).toContain('it is an HTML page');
    const packed = gzipSync(Buffer.alloc(100_000, 'abc'));
    const error = await errorOf(unpack(bytesResource(packed.subarray(0, -9), [20])));
    expect(error.message).toMatch(/after byte \d+ of its content: it is truncated/);
  });

  it.each([
    ['JSON', '[{"id":"a"}]'],
    ['XML', '<?xml version="1.0"?><r/>'],
    ['CSV', 'id,name\na,Zürich\n'],
    ['UTF-16', Buffer.from('\ufeffid,name\n', 'utf16le')],
    ['tar', Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar'), Buffer.alloc(762)])],
  ])('reads what was unpacked already, with a warning: %s', async (_, content) => {
    const context = testContext();
    const [member] = await readMembers(gzip, bytesResource(content, [7], 'records.json.gz'), {}, context);
    if (member === undefined) throw new Error('no member');
    expect(member.resource.name).toBe('records.json');
    expect(await contentOf(member.resource)).toEqual(Buffer.from(content));
    expect(context.warnings.map(({ code }) => code)).toEqual(['W_GZIP_PLAIN']);
  });

  it.each([
    ['an HTML page', '<!DOCTYPE html><p>Sign in</p>'],
    ['a zip archive', Buffer.from('504b030414000000', 'hex')],
    ['damaged bytes', Buffer.from([0x1e, 0x8b, 8, 0, 0, 0])],
    ['nothing but white space', '\n\n'],
  ])('refuses %s', async (_, content) => {
    expect((await errorOf(unpack(bytesResource(content)))).code).toBe('E_GZIP_CORRUPT');
  });

  it('gives any number of members for any cut, padded or not', async () => {
    const parts = fc.array(fc.string({ maxLength: 50 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(parts, fc.nat({ max: 30 }), fc.integer({ min: 1, max: 40 }), async (texts, padding, size) => {
        const packed = Buffer.concat([...texts.map((text) => gzipSync(text)), Buffer.alloc(padding)]);
        expect(String(await unpack(bytesResource(packed, [size])))).toBe(texts.join(''));
      }),
      { numRuns: 100 },
    );
  });

  it('is never a success when its end is missing', async () => {
    const packed = Buffer.concat([gzipSync('first'), gzipSync('second')]);
    const boundary = gzipSync('first').length;
    for (let length = 0; length < packed.length; length++) {
      if (length === boundary) continue;
      expect((await errorOf(unpack(bytesResource(packed.subarray(0, length))))).code).toBe('E_GZIP_CORRUPT');
    }
  });

  it('stops at its limits while it unpacks', async () => {
    const packed = bytesResource(gzipSync(Buffer.alloc(100_000)));
    expect((await errorOf(unpack(packed, { max_entry_bytes: 50_000 }))).code).toBe('E_ARCHIVE_SIZE');
    const bomb = bytesResource(gzipSync(Buffer.alloc(30 * 1024 * 1024)));
    expect((await errorOf(unpack(bomb))).code).toBe('E_ARCHIVE_RATIO');
    expect(await unpack(bomb, { max_ratio: 2000 })).toHaveLength(30 * 1024 * 1024);
  });

  it('names its content and passes on what its source throws', async () => {
    const named = await readMembers(gzip, bytesResource('', [1], 'records.jsonl.gz'));
    expect(named.map(({ position, resource }) => [position, resource.name])).toEqual([[0, 'records.jsonl']]);
    const changed = new SourceError('E_SOURCE_CHANGED', 'It changed.');
    // eslint-disable-next-line @typescript-eslint/require-await -- a stream that breaks at once
    async function* stream(): AsyncGenerator<Buffer, void, undefined> {
      throw changed;
    }
    expect(await errorOf(unpack({ name: 'x.gz', stream }))).toBe(changed);
    expect(await readMembers(gzip, bytesResource(''), {}, testContext({ from: 1 }))).toEqual([]);
  });
});
