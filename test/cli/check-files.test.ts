/** `check` over several files and folders, and `preview` of sources that are partly or wholly bad. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { runWords } from './run-words.ts';

const jobText = (id: string, path = 'a.jsonl'): string =>
  JSON.stringify(
    {
      id,
      title: 'Größe',
      readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
      writers: [{ type: 'file', args: { path: `${id}.out.jsonl` } }],
    },
    null,
    2,
  );

describe('check', () => {
  it('goes on after a file that is not UTF-8, and says where it is not', { timeout: 60_000 }, async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'a.json'), jobText('a'));
    writeFileSync(join(cwd, 'latin.json'), Buffer.from(jobText('latin'), 'latin1'));
    writeFileSync(join(cwd, 'wide.json'), Buffer.from(`\ufeff${jobText('wide')}`, 'utf16le'));
    writeFileSync(join(cwd, 'b.json'), jobText('b'));
    const { code, stdout } = await runWords(['check', 'a.json', 'latin.json', 'wide.json', 'b.json'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^latin\.json:3:15: error: expected UTF-8.*Latin-1.*save it as UTF-8/m);
    expect(stdout).toMatch(/^wide\.json:1:1: error: expected UTF-8.*UTF-16/m);
    for (const name of ['a', 'b']) expect(stdout).toMatch(new RegExp(`^${name}\\.json: 1 warning`, 'm'));
  });

  it('takes folders, finds an id that is there twice, and a file of another name', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'mine'));
    for (const [name, id] of [
      ['a', 'a'],
      ['b', 'a'],
      ['c', 'other'],
    ] as const)
      writeFileSync(join(cwd, 'mine', `${name}.json`), jobText(id));
    const { code, stdout } = await runWords(['check', 'mine'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/b\.json:2:9: error: \/id: .*"a".*a\.json.*another id/);
    expect(stdout).toMatch(/c\.json:2:9: warning: \/id: .*"c".*"other".*rename/);
    expect(stdout).not.toMatch(/a\.json:\d+:\d+: error/);
  });
});

describe('preview', () => {
  it('shows what it read of a source that breaks later, and then the error', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'job.json'), jobText('job', join(cwd, 'a.jsonl')));
    writeFileSync(join(cwd, 'a.jsonl'), '{"id":"a"}\n{"id":"b"}\n{"id":');
    const { code, stdout, stderr } = await runWords(['preview', join(cwd, 'job.json')], { cwd });
    expect(code).toBe(1);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toContain('E_JSON_TRUNCATED');
    expect(stderr).toContain('2 read');
  });

  it('ends with 1 when every entry is rejected', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'job.json'), jobText('job', join(cwd, 'a.jsonl')));
    writeFileSync(join(cwd, 'a.jsonl'), '{"x":"a"}\n{"y":"b"}\n');
    expect(await runWords(['preview', join(cwd, 'job.json')], { cwd })).toMatchObject({ code: 1 });
  });
});

/** What `check` cannot see, since the file is on the machine of the worker: `preview` explains it. */
describe('a mistake that only the source shows', () => {
  const mapped = (path: string): string =>
    JSON.stringify({
      ...(JSON.parse(jobText('job', path)) as object),
      transformers: [{ type: 'map', args: { fields: { '/id': { from: '/id' }, '/title': { from: '/label' } } } }],
    });

  it('is a pointer to nothing: the place, what is near, and the way out', async () => {
    const cwd = tempDir();
    const job = join(cwd, 'job.json');
    writeFileSync(job, `\ufeff${mapped(join(cwd, 'a.jsonl'))}`);
    writeFileSync(join(cwd, 'a.jsonl'), '{"id":"a","labels":"x"}\n');
    expect(await runWords(['check', job], { cwd })).toMatchObject({ code: 0 });
    const { code, stdout } = await runWords(['preview', job], { cwd });
    expect(code).toBe(1);
    for (const word of ['E_RECORD_FIELD_MISSING', '/label ', 'found nothing', '/labels', 'set \\"required\\": false'])
      expect(stdout).toContain(word);
  });

  it('is a file that is not there: its path, where it is looked up, and what to check', async () => {
    const cwd = tempDir();
    const job = join(cwd, 'job.json');
    writeFileSync(job, mapped(join(cwd, 'none.jsonl')));
    const { code, stderr } = await runWords(['preview', job], { cwd });
    expect(code).toBe(2);
    for (const word of ['E_FILE_NOT_FOUND', 'none.jsonl', 'not there', 'machine of the worker', 'Check the path'])
      expect(stderr).toContain(word);
  });
});
