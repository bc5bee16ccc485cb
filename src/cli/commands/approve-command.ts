/** `approve RUN`. */
import type { Command } from 'commander';
import { examples, JSON_OPTION, type CommandContext } from '../command-context.ts';
import { decideRun, type DecideOptions } from './run/decide-run.ts';
import { parseText } from './options/parse-text.ts';

export function addApproveCommand(program: Command, context: CommandContext): void {
  program
    .command('approve')
    .summary('publish a run that waits for approval')
    .description('Publishes exactly the plan that waits, and follows the run to its end.')
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--by <name>', 'who decides (default: the user of this machine)', parseText('name'))
    .option('--reason <text>', 'why; it is kept with the run', parseText('reason'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync approve ror-affiliations@latest',
        'vocab-sync approve 0199d3b2-4c1e --by "Ada" --reason "checked with the library"',
      ),
    )
    .action(async (run: string, options: DecideOptions) => {
      context.end(await decideRun(context, run, 'approve', options));
    });
}
