/** The commands, and what they have in common: help, usage errors with a did-you-mean, no exit from within. */
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { COMMANDS } from './commands/index.ts';
import { packageFacts } from './package-facts.ts';

/** `wanted` is the first word: its command alone is loaded where there is one. */
export async function createProgram(context: CommandContext, wanted: string | undefined): Promise<Command> {
  const { terminal } = context;
  const program = new Command('vocab-sync')
    .description("Keeps a repository's controlled vocabularies equal to their public sources.")
    .version(packageFacts().version)
    .helpCommand('help [command]', 'help about a command')
    .showHelpAfterError('(vocab-sync --help, or vocab-sync COMMAND --help, shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        terminal.write(text).catch(() => undefined);
      },
      writeErr: (text) => {
        terminal.say(text.trimEnd());
      },
    })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', EXIT_CODES);
  const only = wanted === undefined ? undefined : COMMANDS.get(wanted);
  for (const load of only === undefined ? COMMANDS.values() : [only]) (await load())(program, context);
  for (const command of program.commands) showUsageAfterError(command);
  return program;
}

/** What is missing or too much is seen at the usage of the command that was typed. */
function showUsageAfterError(command: Command): void {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  const name = names.join(' ');
  command.showHelpAfterError(`(usage: ${name} ${command.usage()}; ${name} --help shows what there is)`);
  for (const inner of command.commands) showUsageAfterError(inner);
}

const EXIT_CODES = `
Exit codes: 0 success, unchanged or skipped; 1 failed, or problems found; 2 usage or config; 3 partial;
            4 waiting for approval; 5 cancelled or discarded; 6 a server cannot be reached;
            130 left by Ctrl-C while the run goes on.

Start here: vocab-sync demo`;
