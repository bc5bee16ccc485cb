/** `discard RUN`. */
import type { Command } from 'commander';
import { examples, JSON_OPTION, type CommandContext } from '../command-context.ts';
import { decideRun, type DecideOptions } from './run/decide-run.ts';
import { parseText } from './options/parse-text.ts';

export function addDiscardCommand(program: Command, context: CommandContext): void {
  program
    .command('discard')
    .summary('drop a run that waits for approval')
    .description('Drops the plan that waits; everything stays as it was.')
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--by <name>', 'who decides (default: the user of this machine)', parseText('name'))
    .option('--reason <text>', 'why; it is kept with the run', parseText('reason'))
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync discard ror-affiliations@latest --reason "the dump is cut"'))
    .action(async (run: string, options: DecideOptions) => {
      context.end(await decideRun(context, run, 'discard', options));
    });
}
