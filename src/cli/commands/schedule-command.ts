/** `schedule JOB [show|set|clear|pause|resume]` */
import { Argument, type Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import type { StoredJob } from '../../postgres/ledger/job-rows.ts';
import { pauseSchedule, requireSchedule, resumeSchedule } from '../../temporal/schedule-state.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext } from '../command-context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { withServers, type Servers } from '../servers/open-servers.ts';
import { clearSchedule, setSchedule, type SetScheduleOptions } from './schedule/set-schedule.ts';
import { showSchedule, type ScheduleOptions } from './schedule/show-schedule.ts';
import { userName } from './run/compose-request.ts';
import { requireStoredJob } from './job/require-stored-job.ts';

const ACTIONS = ['show', 'set', 'clear', 'pause', 'resume'] as const;

export function addScheduleCommand(program: Command, context: CommandContext): void {
  program
    .command('schedule')
    .summary('the next five times of a stored job; set, clear, pause and resume its schedule')
    .description(
      'Shows when a stored job runs next, in its own time zone and in UTC, as Temporal reports it. `set` and `clear` store a new version of ' +
        'the job with another schedule or none. A pause is kept by `apply` until it is resumed; a resume also resets the count of ' +
        '`pause_after_failures`.',
    )
    .argument('<job>', 'the name of a stored job')
    .addArgument(new Argument('[action]', 'what to do').choices(ACTIONS).default('show'))
    .argument('[schedule]', 'with set: a crontab of five fields, a span such as "6 hours", or a JSON object')
    .option('--timezone <zone>', 'with set and a crontab: an IANA name; default: the zone that the job has, else UTC')
    .option('--dry-run', 'with set and clear: say what would be done; store nothing, touch no schedule')
    .option('--reason <text>', 'for pause and resume: the reason, which the Web UI shows')
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

/** `schedule JOB pause|resume`: a decision of ops, which `apply` keeps. */
function pauseJobSchedule(context: CommandContext, name: string, options: ScheduleOptions): Promise<ExitCode> {
  return change(context, name, options, 'paused', async ({ temporal }, _job, note) => {
    await pauseSchedule(temporal.client, name, note);
  });
}

function resumeJobSchedule(context: CommandContext, name: string, options: ScheduleOptions): Promise<ExitCode> {
  return change(context, name, options, 'resumed', async ({ temporal }, job, note) => {
    if (!job.active) {
      throw new ConfigError(
        'E_SCHEDULE_STATE',
        `Expected job ${name} to be active, but it is not: its schedule stays paused. Switch it on: vocab-sync job activate ${name}`,
        { details: { job: name } },
      );
    }
    await resumeSchedule(temporal.client, name, note);
  });
}

async function change(
  context: CommandContext,
  name: string,
  { reason, json }: ScheduleOptions,
  word: 'paused' | 'resumed',
  act: (servers: Servers, job: StoredJob, note: string) => Promise<void>,
): Promise<ExitCode> {
  const note = `${word} by ${userName()}${reason === undefined ? '' : `: ${reason}`}`;
  await withServers(context, async (servers) => {
    const job = await requireStoredJob(servers.pool, name);
    await requireSchedule(servers.temporal.client, name, servers.installation);
    await act(servers, job, note);
  });
  await (json === true
    ? writeJson(context, { job: name, paused: word === 'paused', note })
    : context.terminal.write(`The schedule of ${name} is ${word}\n`));
  return EXIT.success;
}
