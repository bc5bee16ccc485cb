/** Completion: the words that are offered at each place, and the scripts in real shells. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { completeWords } from '../../src/cli/completion/complete-words.ts';
import { COMPLETION_SCRIPTS, type Shell } from '../../src/cli/commands/completion-command.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { runWords } from './run-words.ts';

const cwd = makeTempDir();

beforeAll(async () => {
  mkdirSync(join(cwd, 'jobs'));
  writeFileSync(join(cwd, 'jobs', 'my-own-job.json'), '{}');
  // Loads every command, as nothing is built here.
  await offered('');
}, 120_000);
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true });
});

interface Offered {
  readonly files: boolean;
  readonly words: readonly string[];
}

async function offered(...words: readonly string[]): Promise<Offered> {
  const [first, ...lines] = (await completeWords(words, cwd)).trimEnd().split('\n');
  return { files: first === 'files', words: lines.map((line) => line.split('\t')[0] ?? '') };
}

describe('completion', () => {
  it('offers every command', async () => {
    expect((await offered('')).words).toEqual([...COMMANDS.keys()]);
    expect((await offered('ro')).words).toEqual(['rollback']);
    expect((await offered('job', '')).words).toContain('versions');
  });

  it('offers options of the command, and the choices of their values', async () => {
    expect((await offered('runs', '--st')).words).toEqual(['--status']);
    expect((await offered('runs', '--status', 'fa')).words).toEqual(['failed']);
    expect((await offered('runs', '--limit', '')).words).toEqual([]);
    expect((await offered('--env-file', '')).files).toBe(true);
  });

  it('offers jobs of files, also after options, and files where files are taken', async () => {
    expect((await offered('run', 'my-')).words).toEqual(['my-own-job']);
    expect((await offered('run', '--since', 'none', 'my-')).words).toEqual(['my-own-job']);
    expect(await offered('check', 'my-')).toEqual({ files: true, words: ['my-own-job'] });
    expect((await offered('check', 'a.json', 'my-')).words).toEqual(['my-own-job']);
    expect((await offered('show', 'my-')).words).toEqual(['my-own-job@latest']);
  });

  it('offers component types and shells', async () => {
    expect((await offered('components', 'oai')).words).toEqual(['oai-pmh']);
    expect((await offered('completion', '')).words).toEqual(['bash', 'zsh', 'fish']);
  });

  it('creates nothing', async () => {
    await offered('run', '');
    expect(existsSync(join(cwd, '.vocab-sync'))).toBe(false);
  });

  it('is quiet about settings that cannot be used', async () => {
    writeFileSync(join(cwd, 'bad.env'), 'DATABASE_URL=nonsense\n');
    expect((await offered('--env-file', 'bad.env', 'run', 'my-')).words).toEqual(['my-own-job']);
  });

  it('refuses another shell by name', async () => {
    const { code, stderr } = await runWords(['completion', 'tcsh'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/bash.*zsh.*fish/);
  });
});

/** A program of this name whose `__complete` offers what its last word allows. */
function fakeProgram(): string {
  const bin = join(cwd, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = join(bin, 'vocab-sync');
  writeFileSync(
    program,
    `#!/bin/sh
printf 'none\\n'
for last; do :; done
case "$1 $2 $last" in
  "__complete run my-") printf 'my-own-job\\ta job: mine\\n' ;;
esac
`,
  );
  chmodSync(program, 0o755);
  return bin;
}

const ASK: Readonly<Record<Shell, (script: string) => string>> = {
  bash: (script) =>
    `source ${script}; COMP_WORDS=(vocab-sync run my-); COMP_CWORD=2; _vocab_sync; printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: (script) =>
    `compdef() { :; }; source ${script}; _describe() { print -rl -- "\${(@P)2}"; }; _files() { :; }; words=(vocab-sync run my-); CURRENT=3; _vocab_sync`,
  fish: (script) => `source ${script}; complete --do-complete 'vocab-sync run my-'`,
};

describe.each(Object.keys(COMPLETION_SCRIPTS) as Shell[])('%s', (shell) => {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  if (!isThere) console.warn(`SKIPPED: ${shell} is not installed, so its completion script is not tried`);

  it.skipIf(!isThere)('completes a job with the script', () => {
    const script = join(cwd, `completion.${shell}`);
    writeFileSync(script, COMPLETION_SCRIPTS[shell]);
    const { stdout, stderr } = spawnSync(shell, ['-c', ASK[shell](script)], {
      encoding: 'utf8',
      env: { PATH: `${fakeProgram()}:${process.env['PATH'] ?? ''}`, HOME: cwd },
    });
    expect({ stderr, word: stdout.trim().split(/[\t:]/)[0] }).toEqual({ stderr: '', word: 'my-own-job' });
  });
});
