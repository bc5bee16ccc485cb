/** `demo`: from nothing to a synced vocabulary, a reviewed update and a link to its run. */
import type { Command } from 'commander';
import { examples, JSON_OPTION, type CommandContext, type JsonOption } from '../command-context.ts';
import { runDemo } from '../demo/run-demo.ts';

interface DemoCommandOptions extends JsonOption {
  readonly keep?: boolean;
}

export function addDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .summary('try it on this machine: servers, a first load, a reviewed update')
    .description(
      'Starts PostgreSQL and Temporal in a separate home directory, publishes a small sample of the ROR dump, plans the next ' +
        'version of it, shows what would change, approves it. Your own servers are not touched; each demo starts afresh.',
    )
    .option('--keep', 'keep the servers until Ctrl-C (default in a terminal)')
    .option('--no-keep', 'end when the demo has')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync demo', 'vocab-sync demo --no-keep --json'))
    .action(async ({ keep, json }: DemoCommandOptions) => {
      context.end(await runDemo(context, { keep: keep ?? context.terminal.isInteractive, json: json === true }));
    });
}
