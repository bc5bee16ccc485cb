/** Runs a command line with the terminal, the folder and the environment of this process. */
import { loadSettings } from '../../settings.ts';
import { runCli } from '../run-cli.ts';
import { processTerminal } from '../terminal.ts';

export function runProgram(argv: readonly string[]): Promise<number> {
  return runCli(argv, {
    terminal: processTerminal(),
    cwd: process.cwd(),
    loadSettings: (options) => loadSettings(undefined, undefined, options),
  });
}
