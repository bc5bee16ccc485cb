/** `test`: the examples next to a job file, including those of the repository. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runWords } from './run-words.ts';

const SAMPLES = join(findPackageRoot(), 'config', 'samples', 'jobs');

interface Example {
  readonly title: string;
  readonly expected: { readonly subject: string }[];
  readonly rejected: unknown[];
}

describe('test', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = tempDir();
    cpSync(SAMPLES, join(cwd, 'jobs'), { recursive: true });
  });

  function change(name: string, by: (examples: Example[]) => unknown): void {
    const path = join(cwd, 'jobs', `${name}.examples.json`);
    const content = JSON.parse(readFileSync(path, 'utf8')) as { examples: Example[] };
    writeFileSync(path, JSON.stringify({ examples: by(content.examples) ?? content.examples }));
  }

  it('passes for the jobs of this repository', async () => {
    const { stdout, code } = await runWords(['test', 'jobs', '--json'], { cwd });
    const result = JSON.parse(stdout) as { ok: boolean; jobs: { job: string; examples: object[] }[] };
    expect(result).toMatchObject({ ok: true });
    expect(result.jobs.map(({ job }) => job)).toContain('minerals');
    expect(code).toBe(0);
  });

  it('finds the jobs of the folder jobs by itself, and names each example', async () => {
    const { stdout, code } = await runWords(['test'], { cwd });
    expect(stdout).toMatch(/jobs\/minerals\.examples\.json: 2 examples, ok/);
    expect(stdout).toMatch(/ok +a concept without a label/);
    expect(code).toBe(0);
  });

  it('shows what differs, field by field, and ends with 1', async () => {
    change('minerals', ([first, second]) => {
      if (first?.expected[0] !== undefined) (first.expected[0] as { subject: string }).subject = 'quartz';
      first?.expected.push({ id: 'mineral:99', subject: 'x' } as Example['expected'][number]);
      first?.expected.splice(1, 1);
      second?.rejected.splice(0, 1, { code: 'E_RECORD_SCHEMA' });
    });
    const { stdout, code } = await runWords(['test', 'jobs/minerals.json'], { cwd });
    expect(code).toBe(1);
    const lines = stdout.replace(/\s+/g, ' ');
    for (const part of [
      'mineral:17 /subject: expected "quartz", found "rock crystal"',
      'mineral:18: not expected',
      'mineral:99: expected, but no record',
      'expected the rejection E_RECORD_SCHEMA',
      'not expected: E_RECORD_TYPE',
    ]) {
      expect(lines).toContain(part);
    }
  });

  it('names every mistake in a file of examples with its place, and ends with 2', async () => {
    change('rocks', () => [{ title: 'x', text: 'a', records: [], expectd: [] }]);
    const { stderr, code } = await runWords(['test', 'rocks'], { cwd });
    for (const part of [
      'rocks.examples.json',
      '"text" and "records"',
      'did you mean "expected"',
      'line 1',
      'E_EXAMPLE_INVALID',
    ])
      expect(stderr).toContain(part);
    // The job is in order: `check` would find nothing.
    expect(stderr).not.toMatch(/ check /);
    expect(code).toBe(2);
  });

  it('says where the examples of a job belong', async () => {
    const { stderr, code } = await runWords(['test', 'ror-affiliations'], { cwd });
    expect(stderr).toContain('ror-affiliations.examples.json');
    expect(stderr).toContain('E_EXAMPLE_INVALID');
    expect(code).toBe(2);
  });

  it('needs no secret of the job, and no examples are taken for a job', async () => {
    const job = {
      id: 'secret',
      title: 'Behind a token',
      readers: [
        {
          type: 'http',
          args: { origin: 'https://example.org/a.jsonl', headers: { Authorization: { $secret: 'env:NO_SUCH' } } },
        },
        { type: 'jsonl' },
      ],
      writers: [{ type: 'postgres', args: { table: 'secret' } }],
    };
    const examples = [
      { title: 'one', text: '{"id":"a"}\n', expected: [{ id: 'a' }] },
      { title: 'unreadable', text: '{"id":"a",}\n', rejected: [{ code: 'E_RECORD_SYNTAX' }] },
      { title: 'records', records: [{ id: 'b' }], expected: [{ id: 'b' }] },
    ];
    writeFileSync(join(cwd, 'jobs', 'secret.json'), JSON.stringify(job));
    writeFileSync(join(cwd, 'jobs', 'secret.examples.json'), JSON.stringify({ examples }));
    expect((await runWords(['test', 'secret'], { cwd })).stdout).toContain('3 examples, ok');
    const checked = await runWords(['check', 'jobs'], { cwd });
    expect(checked.stdout).not.toContain('examples.json');
    expect(checked.code).toBe(0);
  });
});
