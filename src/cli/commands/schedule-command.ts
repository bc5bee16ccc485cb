/** `schedule JOB [show|set|clear|pause|resume]` */
import { Argument, type Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { examples, JSON_OPTION, type CommandContext } from '../command-context.ts';
import type { ExitCode } from '../exit-code.ts';
import { pauseJobSchedule, resumeJobSchedule } from './schedule/pause-schedule.ts';
import { clearSchedule, setSchedule, type SetScheduleOptions } from './schedule/set-schedule.ts';
import { showSchedule } from './schedule/show-schedule.ts';

const ACTIONS = ['show', 'set', 'clear', 'pause', 'resume'] as const;

export function addScheduleCommand(program: Command, context: CommandContext): void {
  program
    .command('schedule')
    .summary('the next five times of a stored job; set, clear, pause and resume its schedule')
    .description(
      'Shows when a stored job runs next, in its own time zone and in UTC, as Temporal says it. `set` and `clear` store a new version of ' +
        'the job with another schedule or none. A pause is kept by `apply` until it is resumed; a resume also begins the count of ' +
        '`pause_after_failures` anew.',
    )
    .argument('<job>', 'the name of a stored job')
    .addArgument(new Argument('[action]', 'what to do').choices(ACTIONS).default('show'))
    .argument('[schedule]', 'with set: a crontab of five fields, a span such as "6 hours", or a JSON object')
    .option('--timezone <zone>', 'with set and a crontab: an IANA name; default: the zone that the job has, else UTC')
    .option('--dry-run', 'with set and clear: say what would be done; store nothing, touch no schedule')
    .option('--reason <text>', 'for pause and resume: why, for whoever looks at it in the Web UI')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync schedule ror-affiliations',
        'vocab-sync schedule ror-affiliations set "30 3 * * 1" --timezone Europe/Zurich',
        'vocab-sync schedule ror-affiliations pause --reason "ROR is down"',
      ),
    )
    .action(
      async (
        name: string,
        action: (typeof ACTIONS)[number],
        schedule: string | undefined,
        options: SetScheduleOptions,
      ) => {
        context.end(await act(context, name, action, schedule, options));
      },
    );
}

function act(
  context: CommandContext,
  name: string,
  action: (typeof ACTIONS)[number],
  schedule: string | undefined,
  options: SetScheduleOptions,
): Promise<ExitCode> {
  if (action === 'set') return setSchedule(context, name, schedule, options);
  if (action === 'clear') return clearSchedule(context, name, schedule, options);
  if (schedule !== undefined) {
    throw new ConfigError('E_JOB_INVALID', `Expected nothing after "${action}", found ${JSON.stringify(schedule)}.`);
  }
  return { show: showSchedule, pause: pauseJobSchedule, resume: resumeJobSchedule }[action](context, name, options);
}
