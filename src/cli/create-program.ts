/** The commands, and what they have in common: help, usage errors with a suggestion, no exit from within. */
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { COMMANDS } from './commands/index.ts';
import { packageFacts } from './package-facts.ts';
import { argumentSyntax } from './start/command-index.ts';
import { fillLines, fitCommand } from './render/fit-command.ts';

/** Loads the commands that `words` name; all of them where no word is the name of a command. */
export async function createProgram(context: CommandContext, words: readonly string[]): Promise<Command> {
  const { terminal } = context;
  const program = createRoot({
    write: (text) => {
      terminal.write(text).catch(() => undefined);
    },
    say: (text) => {
      terminal.say(text.trimEnd());
    },
    width: terminal.helpWidth,
  });
  const named = [...COMMANDS].filter(([name]) => words.includes(name));
  for (const [, load] of named.length > 0 ? named : COMMANDS) (await load())(program, context);
  for (const command of program.commands) showUsageAfterError(command);
  return program;
}

export interface HelpOutput {
  /** Help that was asked for. */
  write(text: string): void;
  /** A usage error. */
  say(text: string): void;
  /** In columns. */
  readonly width: number;
}

/** The program without its commands. */
export function createRoot({ write, say, width }: HelpOutput): Command {
  return new Command('vocab-sync')
    .description("Keeps a repository's controlled vocabularies equal to their public sources.")
    .version(packageFacts().version)
    .option('--env-file <file>', 'read settings from this file instead of .env; also allowed after the command')
    .option('--debug', 'log everything, and print stack traces with errors')
    .helpCommand('help [command]', 'help about a command')
    .showHelpAfterError('(vocab-sync --help, or vocab-sync COMMAND --help, shows what there is)')
    .exitOverride()
    .configureOutput({
      getOutHelpWidth: () => width,
      writeOut: (text) => {
        write(fitHelp(text, width));
      },
      writeErr: say,
    })
    .configureHelp({
      showGlobalOptions: false,
      commandDescription: onOneLine,
      subcommandTerm: termOf,
      minWidthToWrap: 20,
    })
    .addHelpText('after', EXIT_CODES);
}

/** A long description is several lines in the source; the help wraps it once, to the terminal. */
function onOneLine(command: Command): string {
  return command.description().replaceAll(/\s*\n\s*/g, ' ');
}

/** Without `[options]`, which every command has: the summaries need the room. */
function termOf(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(argumentSyntax)].join(' ');
}

/** Shows the usage of the command that was typed when an argument is missing or one too many. */
function showUsageAfterError(command: Command): void {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  const name = names.join(' ');
  command.showHelpAfterError(`(usage: ${name} ${command.usage()}; ${name} --help shows what there is)`);
  for (const inner of command.commands) showUsageAfterError(inner);
}

const EXIT_CODES = `
Exit codes: 0 success, unchanged or skipped; 1 failed, or problems found;
            2 usage or config; 3 partial; 4 waiting for approval;
            5 cancelled or discarded; 6 a server cannot be reached;
            130 ended by Ctrl-C; the run continues.

Start here: vocab-sync demo`;

const EXAMPLE = /^ {2}\$ /;
const HEAD = /^(?:Usage: |Exit codes: | *)/;
const CONTINUED = '      ';

/**
 * Wraps the long lines that commander leaves as they are: usage, examples, exit codes. A long example gets the backslash of the
 * shell, so that it can still be pasted.
 */
export function fitHelp(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= width ? line : EXAMPLE.test(line) ? fitExample(line, width) : fitLine(line, width)))
    .join('\n');
}

function fitExample(example: string, width: number): string {
  return fitCommand(example.replace(EXAMPLE, ''), { first: '  $ ', others: CONTINUED, width });
}

function fitLine(line: string, width: number): string {
  const head = HEAD.exec(line)?.[0] ?? '';
  const words = line.slice(head.length).split(' ');
  return fillLines(words, { first: head, others: ' '.repeat(head.length), width }).join('\n');
}
