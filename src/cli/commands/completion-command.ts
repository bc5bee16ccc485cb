/** `completion SHELL`: the script that lets a shell complete commands, options, jobs and component types. */
import { Argument, type Command } from 'commander';
import { examples, type CommandContext } from '../command-context.ts';
import { COMPLETION_SCRIPTS, type Shell } from '../completion/scripts.ts';
import { EXIT } from '../exit-code.ts';

export function addCompletionCommand(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .summary('print the completion script for bash, zsh or fish')
    .description(
      'Prints a script for your shell. With it, the tab key completes commands, options, job names and component types. ' +
        'Names of stored jobs are completed where a database is configured or `dev` runs in this directory.',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(COMPLETION_SCRIPTS)))
    .addHelpText(
      'after',
      examples(
        'vocab-sync completion bash > ~/.local/share/bash-completion/completions/vocab-sync',
        'vocab-sync completion zsh > "${fpath[1]}/_vocab-sync"',
        'vocab-sync completion fish > ~/.config/fish/completions/vocab-sync.fish',
      ),
    )
    .action(async (shell: Shell) => {
      await context.terminal.write(COMPLETION_SCRIPTS[shell]);
      context.end(EXIT.success);
    });
}
