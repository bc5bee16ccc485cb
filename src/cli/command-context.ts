/** The context of every command: its terminal, folder and settings, and how it ends. */
import type { Command } from 'commander';
import type { Settings } from '../settings.ts';
import type { ExitCode } from './exit-code.ts';
import { toJsonText } from './render/printable.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly cwd: string;
  /** Read when first asked for, so that `--help` works with broken settings. */
  settings(): Settings;
  /** Called once by the action of a command. */
  end(code: ExitCode): void;
}

export interface JsonOption {
  readonly json?: boolean;
}

/** Adds a command whose name, help and options are defined in its own file. */
export type AddCommand = (program: Command, context: CommandContext) => void;

/** The one JSON document of `--json`. */
export function writeJson(context: CommandContext, document: unknown): Promise<void> {
  return context.terminal.write(`${toJsonText(document, 2)}\n`);
}

export const JSON_OPTION = ['--json', 'print one JSON document on stdout; progress and hints go to stderr'] as const;

export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join('')}`;
}
