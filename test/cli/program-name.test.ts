/** Hints repeat the call of the operator. */
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { programName, COMMAND_NAMES, quoteForShell, toPasteable, type Call } from '../../src/cli/program-name.ts';

const call = (changes: Partial<Call>): Call => ({
  script: '/usr/local/bin/vocab-sync',
  argv: [],
  cwd: '/home/ada',
  npmCommand: undefined,
  path: '/usr/bin:/usr/local/bin',
  ...changes,
});

describe('the program as it was called', () => {
  it.each<[string, Partial<Call>, string]>([
    ['on PATH', {}, 'vocab-sync'],
    ['a link that is not on PATH', { script: '/opt/bin/vocab-sync' }, '/opt/bin/vocab-sync'],
    ['a link in this folder', { script: '/home/ada/vocab-sync' }, './vocab-sync'],
    ['npx', { script: '/home/ada/node_modules/.bin/vocab-sync', npmCommand: 'exec' }, 'npx vocab-sync'],
    ['npm run demo with npm 11', { script: '/home/ada/dist/src/cli/main.js', npmCommand: 'run' }, 'npx vocab-sync'],
    ['npm run demo', { script: '/home/ada/dist/src/cli/main.js', npmCommand: 'run-script' }, 'npx vocab-sync'],
    ['node in a checkout', { script: '/home/ada/dist/src/cli/main.js' }, 'node dist/src/cli/main.js'],
    ['node elsewhere', { script: '/opt/vocab-sync/dist/src/cli/main.js' }, 'node /opt/vocab-sync/dist/src/cli/main.js'],
    ['a path with a space', { script: '/opt/my tools/main.js' }, "node '/opt/my tools/main.js'"],
    ['a settings file', { argv: ['run', 'a', '--env-file', '/etc/my file'] }, "vocab-sync --env-file '/etc/my file'"],
    ['a settings file, joined', { argv: ['--env-file=a.env', 'run'] }, 'vocab-sync --env-file=a.env'],
  ])('%s', (_name, changes, expected) => {
    expect(programName(call(changes))).toBe(expected);
  });
});

describe('a hint', () => {
  it('knows every command', () => {
    expect(COMMAND_NAMES).toEqual([...COMMANDS.keys()]);
  });

  it('names the program so, and nothing else changes', () => {
    const text = 'vocab-sync approve 01a2, `vocab-sync runs`; vocab-sync did it in /opt/vocab-sync runs';
    expect(toPasteable(text, 'npx vocab-sync')).toBe(
      'npx vocab-sync approve 01a2, `npx vocab-sync runs`; vocab-sync did it in /opt/vocab-sync runs',
    );
    expect(toPasteable(toPasteable('vocab-sync show 1', 'npx vocab-sync'), 'npx vocab-sync')).toContain(
      'vocab-sync show',
    );
    expect(toPasteable('vocab-sync show 1', 'node $& $1')).toBe('node $& $1 show 1');
  });

  it('quotes what a shell would take apart', () => {
    expect(quoteForShell("it's")).toBe(`'it'\\''s'`);
  });
});
