/** `run JOB`: one run, followed to its end. */
import type { Command } from 'commander';
import { examples, type CommandContext } from '../command-context.ts';
import { addRunOptions, runJobCommand, type RunOptions } from './run/run-job-command.ts';

export function addRunCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('run')
    .summary('run a job: fetch, compare, guard, publish')
    .description('Runs a job and follows it. Without configured servers it starts its own for as long as it lasts.');
  addRunOptions(command)
    .addHelpText(
      'after',
      examples(
        'vocab-sync run ror-affiliations',
        'vocab-sync run ror-affiliations --input v2.9-2026-06-23-ror-data.zip',
        'vocab-sync run my-awards --arg programme=HE --arg year=2026',
        `vocab-sync run ror-affiliations --custom-args '{"guards": {"max_shrink_percent": 10}}'`,
      ),
    )
    .action(async (job: string, options: RunOptions) => {
      context.end(await runJobCommand(context, job, 'run', options));
    });
}
