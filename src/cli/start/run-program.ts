/** Runs a command line with the terminal, the folder and the environment of this process. */
import { z } from 'zod';
import { loadSettings } from '../../settings.ts';
import { runCli } from '../run-cli.ts';
import { redactClipped } from '../../logging/redact.ts';
import { printable } from '../render/printable.ts';
import { processTerminal } from '../terminal.ts';

export function runProgram(argv: readonly string[]): Promise<number> {
  // A process parses each schema a few times; compiling it would take longer than it saves.
  z.config({ jitless: true });
  takeOverWarnings(argv.includes('--debug'));
  return runCli(argv, {
    terminal: processTerminal(),
    cwd: process.cwd(),
    loadSettings: (options) => loadSettings(undefined, undefined, options),
  });
}

/** Advice of libraries to programmers, such as future versions of Node or of a driver. */
const ADVICE = /AWS SDK for JavaScript|SSL modes 'prefer'|deprecated/i;

/** Node prints warnings of libraries over several lines and with its pid. Advice is shown with --debug only. */
function takeOverWarnings(debug: boolean): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const isAdvice = ADVICE.test(warning.message) || /Deprecation/.test(warning.name);
    if (isAdvice && !debug) return;
    process.stderr.write(`warning: ${printable(redactClipped(`${warning.name}: ${warning.message}`, 1_000))}\n`);
  });
}
