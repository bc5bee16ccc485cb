/** What `apply` says of files and folders that cannot be jobs. No server is needed to find out. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { runWords } from './run-words.ts';

let cwd: string;
beforeEach(() => {
  cwd = makeTempDir();
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

const text = (id: string, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    id,
    title: 'Lines',
    readers: [{ type: 'file', args: { path: 'lines.jsonl' } }, { type: 'jsonl' }],
    writers: [{ type: 'postgres', args: { table: id } }],
    ...more,
  });
const put = (name: string, content: string | Buffer): void => {
  writeFileSync(join(cwd, name), content);
};
// Nothing listens there: a file that is right gets so far, and no further.
const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', TEMPORAL_ADDRESS: '127.0.0.1:1' };
const apply = async (...paths: readonly string[]): Promise<{ code: number; said: string }> => {
  const { code, stderr } = await runWords(['apply', ...(paths.length === 0 ? [cwd] : paths)], { cwd, env });
  return { code, said: stderr };
};

describe('apply of a file', () => {
  it.each([
    ['UTF-16', Buffer.from(`\ufeff${text('a')}`, 'utf16le'), 'expected UTF-8, but it is UTF-16: save it as UTF-8'],
    ['Latin-1', Buffer.from(text('a', { title: 'Zürich' }), 'latin1'), 'expected UTF-8, but some of its bytes are not'],
    ['five million blanks', `${text('a')}${' '.repeat(5_000_000)}`, 'expected at most 1 MiB of JSON, but it has 5000'],
    ['NUL in its title', text('a', { title: 'a\0b' }), '/title (line 1'],
    ['NUL in its description', text('a', { description: 'a\0b' }), 'found the character \\u0000 in it'],
    ['half a character', text('a', { description: 'a\ud800b' }), 'expected a text that can be stored, found half a'],
    ['half a character in a key', text('a', { 'a\ud800b': 1 }), 'expected a key that can be stored, found half a'],
    ['nothing in it', '', 'expected a JSON object, found nothing'],
  ])('with %s is refused in one sentence', async (_name, content, message) => {
    put('a.json', content);
    const { code, said } = await apply();
    expect(code).toBe(2);
    expect(said).toContain(message);
    expect(said).toContain('Nothing was stored.');
    expect(said).toMatch(/code: +E_JOB_INVALID/);
    expect(said.split('\n').length).toBeLessThan(9);
  });

  it.each([
    ['a byte order mark', `\ufeff${text('a')}`],
    ['Windows line ends', JSON.stringify(JSON.parse(text('a')), null, 2).replaceAll('\n', '\r\n')],
  ])('with %s is a job', async (_name, content) => {
    put('a.json', content);
    expect((await apply()).code).toBe(6);
  });
});

describe('apply of a folder', () => {
  it('names every broken file, and those that tell of one job', async () => {
    for (const name of ['one', 'two', 'three']) put(`${name}.json`, text(name));
    put('twin.json', text('one'));
    put('broken.json', '{');
    put('worse.json', text('worse', { readers: [] }));
    put('utf-16.json', Buffer.from(text('x'), 'utf16le'));
    symlinkSync(join(cwd, 'loop-2.json'), join(cwd, 'loop-1.json'));
    symlinkSync(join(cwd, 'loop-1.json'), join(cwd, 'loop-2.json'));
    symlinkSync(join(cwd, 'nowhere'), join(cwd, 'dangling.json'));
    mkdirSync(join(cwd, 'folder.json'));
    const { code, said } = await apply();
    expect(code).toBe(2);
    for (const name of ['broken', 'worse', 'utf-16'])
      expect(said).toContain(`The job file ${join(cwd, `${name}.json`)}`);
    for (const name of ['loop-1', 'loop-2', 'dangling']) {
      expect(said).toContain(`${join(cwd, `${name}.json`)}, found a link that leads to no file.`);
    }
    expect(said).toContain(`${join(cwd, 'folder.json')}, found a folder.`);
    expect(said).toContain(`found "one" in ${join(cwd, 'one.json')} and in ${join(cwd, 'twin.json')}`);
    expect(said.match(/Nothing was stored/g)).toHaveLength(1);
  });

  it('that holds none says so', async () => {
    put('README.md', '# Jobs');
    expect(await apply()).toMatchObject({
      code: 2,
      said: expect.stringMatching(
        /^error: Expected job files \(\*\.json, \*\.yaml\) in .*, found none.*\n +code: +E_JOB_NOT_FOUND/,
      ) as string,
    });
  });

  it.skipIf(process.getuid?.() === 0)('that cannot be read says so', async () => {
    chmodSync(cwd, 0o300);
    const { code, said } = await apply();
    chmodSync(cwd, 0o700);
    expect(code).toBe(2);
    expect(said).toMatch(/The folder .* cannot be read: EACCES/);
  });
});
