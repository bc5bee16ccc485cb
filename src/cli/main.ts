#!/usr/bin/env node
/**
 * The program `vocab-sync`. It loads as little as the words on the command line need: `--version` and `--help` must
 * not wait for the parts of a worker.
 */
import nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { packageFacts } from './package-facts.ts';
import { helpWidth } from './render/page.ts';
import { createRoot } from './create-program.ts';
import { addDescribed, readCommandIndex } from './start/command-index.ts';

/** Not a command of the help: only the scripts of `completion` call it. */
const COMPLETE = '__complete';
const argv = process.argv.slice(2);

enableCodeCache();
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) leave(`${packageFacts().version}\n`, 0);
else {
  const text = argv[0] === COMPLETE ? await complete(argv.slice(1)) : await showHelp(argv);
  if (text === undefined) leave('', await run());
  else leave(text, 0);
}

/** What the shell asks for while a command line is typed; see completion-command.ts. */
async function complete(words: readonly string[]): Promise<string> {
  const { completeWords } = await import('./completion/complete-words.ts');
  return completeWords(words, process.cwd());
}

async function run(): Promise<number> {
  const { runProgram } = await import('./start/run-program.ts');
  return runProgram(argv);
}

/** Exits after the last output reached a pipe; an idle connection must not keep the program alive after that. */
function leave(text: string, code: number): void {
  process.stdout.on('error', () => process.exit(code));
  process.stdout.write(text, () => process.exit(code));
}

/** The types of Node 20 lack this function. */
interface CodeCache {
  enableCompileCache?(directory?: string): unknown;
}

/**
 * Keeps compiled code between starts, if Node supports it (22.1 and later). The cache is in the home directory of the
 * user: Node's own default is in the shared temporary directory, where another user could put code into it. Does nothing
 * if Node has no such cache, or if the directory cannot be written.
 */
function enableCodeCache(directory: string = join(homedir(), '.cache', 'vocab-sync', 'code')): void {
  (nodeModule as CodeCache).enableCompileCache?.(directory);
}

/**
 * Returns the text of `--help`, `help` and `COMMAND --help` from the command index, without loading a command. Returns
 * undefined where the words ask for something else, or nothing was built.
 */
async function showHelp(argv: readonly string[]): Promise<string | undefined> {
  if (argv[0] !== 'help' && !argv.includes('--help') && !argv.includes('-h')) return undefined;
  const index = readCommandIndex();
  if (index === undefined) return undefined;
  let text = '';
  const program = createRoot({
    write: (part) => {
      text += part;
    },
    say: () => undefined,
    width: helpWidth(process.stdout),
  });
  for (const command of index.commands) addDescribed(program, command);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return text;
  }
  return undefined;
}
