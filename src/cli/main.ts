#!/usr/bin/env node
/**
 * The program `vocab-sync`. It loads as little as the words on the command line need: `--version` and `--help` must
 * not wait for the parts of a worker.
 */
import { enableCodeCache } from './start/code-cache.ts';
import { packageFacts } from './package-facts.ts';
import { showHelp } from './start/show-help.ts';

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
