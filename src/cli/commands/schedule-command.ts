/** `schedule JOB [show|pause|resume]` */
import { Argument, type Command } from 'commander';
import { examples, JSON_OPTION, type CommandContext } from '../command-context.ts';
import { pauseJobSchedule, resumeJobSchedule } from '../job/pause-schedule.ts';
import { showSchedule, type ScheduleOptions } from '../job/show-schedule.ts';

const ACTIONS = ['show', 'pause', 'resume'] as const;

export function addScheduleCommand(program: Command, context: CommandContext): void {
  program
    .command('schedule')
    .summary('the next five times of a stored job; pause and resume its schedule')
    .description(
      'Shows when a stored job runs next, in its own time zone and in UTC, as Temporal says it. A pause is kept by `apply` until it is ' +
        'resumed. The schedule itself stands in the job file.',
    )
    .argument('<job>', 'the name of a stored job')
    .addArgument(new Argument('[action]', 'what to do').choices(ACTIONS).default('show'))
    .option('--reason <text>', 'for pause and resume: why, for whoever looks at it in the Web UI')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync schedule ror-affiliations',
        'vocab-sync schedule ror-affiliations pause --reason "ROR is down"',
      ),
    )
    .action(async (name: string, action: (typeof ACTIONS)[number], options: ScheduleOptions) => {
      const does = { show: showSchedule, pause: pauseJobSchedule, resume: resumeJobSchedule }[action];
      context.end(await does(context, name, options));
    });
}
