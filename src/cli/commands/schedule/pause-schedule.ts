/** `schedule JOB pause|resume`: a decision of ops, which `apply` keeps. */
import { ConfigError } from '../../../errors.ts';
import type { StoredJob } from '../../../postgres/ledger/job-rows.ts';
import { pauseSchedule, requireSchedule, resumeSchedule } from '../../../temporal/schedule-state.ts';
import { writeJson, type CommandContext } from '../../command-context.ts';
import { userName } from '../run/compose-request.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { withServers, type Servers } from '../../servers/open-servers.ts';
import { requireStoredJob } from '../job/require-stored-job.ts';
import type { ScheduleOptions } from './show-schedule.ts';

export function pauseJobSchedule(context: CommandContext, name: string, options: ScheduleOptions): Promise<ExitCode> {
  return change(context, name, options, 'paused', async ({ temporal }, _job, note) => {
    await pauseSchedule(temporal.client, name, note);
  });
}

export function resumeJobSchedule(context: CommandContext, name: string, options: ScheduleOptions): Promise<ExitCode> {
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
