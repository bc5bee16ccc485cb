#!/usr/bin/env node
/** The program `vocab-sync`. */
import { loadSettings } from '../settings.ts';
import { runCli } from './run-cli.ts';
import { processTerminal } from './terminal.ts';

const code = await runCli(process.argv.slice(2), {
  terminal: processTerminal(),
  cwd: process.cwd(),
  loadSettings: () => loadSettings(),
});
// What was written to a pipe is still on its way; an idle connection must not keep the program alive after that.
process.stdout.write('', () => process.exit(code));
