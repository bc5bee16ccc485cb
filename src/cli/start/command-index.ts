/**
 * The commands as data: names, arguments, options and texts, and the shipped jobs with their arguments. The build writes
 * it to dist/commands.json, so that help, shell completion, `types` and `components` need not load what the commands do.
 */
import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import { findPackageRoot } from '../../job/package-root.ts';
import type { ComponentSummary } from '../commands/components/component-facts.ts';
import type { DescribedJob } from '../commands/job-types/list-job-types.ts';

export interface CommandData {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly ArgumentData[];
  readonly options: readonly OptionData[];
  /** What follows the options in the help: examples. */
  readonly afterHelp: string;
  readonly commands: readonly CommandData[];
}

export interface ArgumentData {
  /** As in the usage: `<run>`, `[path...]`. */
  readonly syntax: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: unknown;
}

export interface OptionData {
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: unknown;
  /** How the help shows the default. */
  readonly defaultText?: string;
}

export interface CommandIndex {
  readonly commands: readonly CommandData[];
  /** The components that come with the program, for `components` and for completion. */
  readonly components: readonly ComponentSummary[];
  /** What the shipped jobs are, by the SHA-256 digest of their files. */
  readonly jobTypes: Readonly<Record<string, DescribedJob>>;
}

/** Undefined from the sources, where an index of the last build could be out of date. */
export function readCommandIndex(): CommandIndex | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined;
  return JSON.parse(readFileSync(commandIndexPath(), 'utf8')) as CommandIndex;
}

export function commandIndexPath(): string {
  return join(findPackageRoot(), 'dist', 'commands.json');
}

export function describeCommand(command: Command): CommandData {
  return {
    name: command.name(),
    summary: command.summary(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      syntax: argumentSyntax(argument),
      description: argument.description,
      ...(argument.argChoices === undefined ? {} : { choices: argument.argChoices }),
      ...(argument.defaultValue === undefined ? {} : { default: argument.defaultValue as unknown }),
    })),
    options: command.options.map(({ flags, description, argChoices, defaultValue, defaultValueDescription }) => ({
      flags,
      description,
      ...(argChoices === undefined ? {} : { choices: argChoices }),
      ...(defaultValue === undefined ? {} : { default: defaultValue as unknown }),
      ...(defaultValueDescription === undefined ? {} : { defaultText: defaultValueDescription }),
    })),
    afterHelp: afterHelpOf(command),
    commands: command.commands.map(describeCommand),
  };
}

/** `<run>`, `[path...]` */
export function argumentSyntax(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** Commander keeps such texts as listeners only. */
function afterHelpOf(command: Command): string {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
  return text.replace(/\n$/, '');
}

/** A command with the help of the described one and no action. */
export function addDescribed(parent: Command, data: CommandData): void {
  const command = parent.command(data.name).summary(data.summary).description(data.description);
  for (const { syntax, description, choices, default: value } of data.arguments) {
    const argument = new Argument(syntax, description);
    if (choices !== undefined) argument.choices(choices);
    if (value !== undefined) argument.default(value);
    command.addArgument(argument);
  }
  for (const { flags, description, choices, default: value, defaultText } of data.options) {
    const option = new Option(flags, description);
    if (choices !== undefined) option.choices(choices);
    if (value !== undefined) option.default(value, defaultText);
    command.addOption(option);
  }
  if (data.afterHelp !== '') command.addHelpText('after', data.afterHelp);
  for (const inner of data.commands) addDescribed(command, inner);
}
