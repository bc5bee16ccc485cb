/** Mistakes in plug-ins: each is explained with its place, what was expected and found, and what to do. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runWords } from '../cli/run-words.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { PROJECT_ROOT } from '../support/source-files.ts';

interface Mistake {
  readonly mistake: string;
  /** The content of the plug-in. */
  readonly module: string;
  /** Default: check. */
  readonly command?: 'preview';
  readonly place: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

const { cases } = JSON.parse(readFileSync(new URL('plug-in-mistakes.cases.json', import.meta.url), 'utf8')) as {
  cases: readonly Mistake[];
};

/** The transformer is that of the plug-in. */
const JOB = {
  id: 'mine',
  title: 'Mine',
  transformers: [{ type: 'mine' }],
  writers: [{ type: 'postgres', args: { table: 'mine' } }],
};

describe('a plug-in', () => {
  let cwd: string;
  beforeAll(() => {
    cwd = makeTempDir('vocab-sync-plug-in-mistakes-');
    mkdirSync(join(cwd, 'node_modules'));
    symlinkSync(join(PROJECT_ROOT, 'node_modules', 'zod'), join(cwd, 'node_modules', 'zod'));
  });

  it.each(cases.map((mistake, number) => ({ ...mistake, number })))('with $mistake is explained', async (mistake) => {
    const { module, command = 'check', place, expected, found, remedy, number } = mistake;
    // A module is imported once: each case has a folder of its own.
    const folder = join(cwd, String(number));
    mkdirSync(folder);
    const [path, job] = [join(folder, 'records.jsonl'), join(folder, 'job.json')];
    writeFileSync(path, '{"id":"a"}\n');
    writeFileSync(job, JSON.stringify({ ...JOB, readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }] }));
    writeFileSync(join(folder, 'plug-in.mjs'), module);
    const env = { VOCAB_SYNC_PLUGINS: './plug-in.mjs' };
    const { stdout, stderr, code } = await runWords([command, job], { cwd: folder, env });
    const said = `${stdout}${stderr}`.replace(/\s+/g, ' ').replaceAll('\\"', '"');
    for (const words of [place, expected, found, remedy]) expect(said).toContain(words);
    expect(said).not.toContain('E_INTERNAL');
    if (command === 'check') expect(code).toBe(2);
  });
});
