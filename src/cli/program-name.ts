/**
 * How the program was called. Messages name commands as `vocab-sync COMMAND …`; what is printed repeats the call of the
 * operator, so that a hint can be pasted.
 */
import { basename, delimiter, dirname, isAbsolute, relative, resolve } from 'node:path';

export interface Call {
  /** The path that Node was given: a link on PATH, or dist/src/cli/main.js. */
  readonly script: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** `exec` below npx, `run` or `run-script` below npm run. */
  readonly npmCommand: string | undefined;
  readonly path: string;
}

/** `npm run` is `run` in npm 11 and `run-script` before it. */
const NPM_COMMANDS = ['exec', 'run', 'run-script'];

/** Options of the program that decide which servers a command talks to. */
const KEPT_OPTIONS = ['--env-file'];

/** `vocab-sync`, `npx vocab-sync`, `node dist/src/cli/main.js`, with the options that the next command needs too. */
export function programName(call: Call): string {
  return [programOf(call), ...optionsOf(call.argv).map(quoteForShell)].join(' ');
}

function programOf({ script, cwd, npmCommand, path }: Call): string {
  if (npmCommand !== undefined && NPM_COMMANDS.includes(npmCommand)) return 'npx vocab-sync';
  const name = basename(script).replace(/\.(cmd|ps1)$/, '');
  if (name === 'vocab-sync') {
    const isOnPath = path.split(delimiter).some((folder) => folder !== '' && resolve(folder) === dirname(script));
    return isOnPath ? name : quoteForShell(shortest(script, cwd));
  }
  return `node ${quoteForShell(shortest(script, cwd))}`;
}

function shortest(path: string, cwd: string): string {
  const from = relative(cwd, path);
  if (from.startsWith('..') || isAbsolute(from)) return path;
  return from.includes('/') ? from : `./${from}`;
}

function optionsOf(argv: readonly string[]): string[] {
  return argv.flatMap((word, index) => {
    const isWhole = KEPT_OPTIONS.some((option) => word.startsWith(`${option}=`));
    if (isWhole) return [word];
    const value = argv[index + 1];
    return KEPT_OPTIONS.includes(word) && value !== undefined ? [word, value] : [];
  });
}

/** A word that a POSIX shell reads as it is, or the word in single quotes. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The keys of commands/index.ts, which imports this file through the commands. */
export const COMMAND_NAMES: readonly string[] =
  'demo dev worker check preview new test apply job schedule run plan approve discard cancel terminate runs show changes impact rejections watermark logs history layers search sql trace rollback verify resync adopt drift retry-rejections types prune components schema migrate notify completion doctor'.split(
    ' ',
  );
const HINT = new RegExp(`(?<![\\w/.-])vocab-sync (?=(?:${COMMAND_NAMES.join('|')}|COMMAND)\\b)`, 'g');

/** Names each command in `text` as the program was called. */
export function toPasteable(text: string, program: string): string {
  return program === 'vocab-sync' ? text : text.replace(HINT, () => `${program} `);
}
