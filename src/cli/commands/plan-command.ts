/** `plan JOB`: a run that stops before it publishes and shows what would change. */
import type { Command } from 'commander';
import { examples, type CommandContext } from '../command-context.ts';
import { addRunOptions, runJobCommand, type RunOptions } from './run/run-job-command.ts';

export function addPlanCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('plan')
    .summary('show what a run would change, and wait for approval')
    .description(
      'Runs a job up to the point of publishing, shows what would change field by field, and leaves it waiting (exit code 4).',
    );
  addRunOptions(command)
    .addHelpText(
      'after',
      examples('vocab-sync plan ror-affiliations --input new-dump.zip', 'vocab-sync approve ror-affiliations@latest'),
    )
    .action(async (job: string, options: RunOptions) => {
      context.end(await runJobCommand(context, job, 'plan', options));
    });
}
