/** The kinds of job, their arguments as a form would read them, and `--arg` on the command line: no server is needed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ajv } from 'ajv';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { runWords, type RunResult } from './run-words.ts';

const awardsIn = (folder: string) => ({
  id: 'awards',
  title: 'Awards',
  arguments: {
    type: 'object',
    properties: {
      programme: { type: 'string', enum: ['HE', 'FP7'], description: 'The framework programme.' },
      year: { type: 'integer' },
    },
    required: ['programme', 'year'],
  },
  args: { programme: 'HE' },
  readers: [{ type: 'file', args: { path: `${folder}/in-\${args.year}.jsonl` } }, { type: 'jsonl' }],
  writers: [{ type: 'file', args: { path: 'out.jsonl' } }],
});

let cwd: string;
const cli = (...words: readonly string[]): Promise<RunResult> => runWords(words, { cwd });
beforeAll(() => {
  cwd = makeTempDir();
  mkdirSync(join(cwd, 'jobs'));
  writeFileSync(join(cwd, 'jobs', 'awards.json'), JSON.stringify(awardsIn(cwd)));
  writeFileSync(join(cwd, 'jobs', 'broken.json'), '{');
});
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true });
});

describe('types', () => {
  it('lists own and shipped jobs with their arguments, and says which file is left out', async () => {
    const { code, stdout, stderr } = await cli('types');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^awards +Awards +programme, year$/m);
    expect(stdout).toMatch(/^ror-affiliations .* none$/m);
    expect(stderr).toContain('broken.json has problems');
  });

  it('gives a JSON Schema from which a form can be made, stored values as defaults', async () => {
    const { stdout } = await cli('types', 'awards', '--json');
    const { types } = JSON.parse(stdout) as { types: { type: string; arguments: Record<string, unknown> }[] };
    expect(types).toHaveLength(1);
    const schema = types[0]?.arguments ?? {};
    expect(schema).toMatchObject({
      properties: { programme: { default: 'HE' } },
      required: ['year'],
      additionalProperties: false,
    });
    const validate = new Ajv().compile(schema);
    expect([validate({ year: 2026 }), validate({}), validate({ year: 2026, x: 1 })]).toEqual([true, false, false]);
  });

  it('describes one, and names the nearest for a slip', async () => {
    expect((await cli('types', 'awards')).stdout).toMatch(/year +integer +required/);
    const wrong = await cli('types', 'award');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('No kind of job is called "award"; did you mean "awards"?');
  });
});

describe('--arg', () => {
  it('is explained with its origin', async () => {
    const { code, stdout } = await cli('run', 'awards', '--arg', 'year=2026', '--explain');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^args\.programme +"HE" +stored args$/m);
    expect(stdout).toMatch(/^args\.year +2026 +--arg$/m);
  });

  it.each([
    [['--arg', 'year=soon'], '/args/year: expected an integer, found the text "soon"'],
    [['--arg', 'yaer=1'], 'no argument is called "yaer"; did you mean "year"?'],
    [[], 'the argument "year" has no value'],
  ])('%j stops before anything starts', async (words, says) => {
    const { code, stderr } = await cli('run', 'awards', ...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(stderr).toContain('E_ARGUMENTS_INVALID');
  });

  it('fills the path of a preview', async () => {
    writeFileSync(join(cwd, 'in-2026.jsonl'), '{"id":"a"}\n');
    const { stdout, stderr } = await cli('preview', 'awards', '--arg', 'year=2026');
    expect(stderr).not.toContain('error');
    expect(stdout).toContain('"id":"a"');
  });
});
