/** `job delete JOB`: asks for confirmation, refuses while a run is active, and keeps versions and runs. */
import { createInterface } from 'node:readline';
import { ConfigError } from '../../../errors.ts';
import { deleteJob, refuseWhileRunning } from '../../../postgres/ledger/job-switches.ts';
import { deleteSchedule } from '../../../temporal/schedule-state.ts';
import { writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { userName } from '../run/compose-request.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { withServers } from '../../servers/open-servers.ts';
import type { Terminal } from '../../terminal.ts';
import { requireStoredJob } from './require-stored-job.ts';

export interface DeleteOptions extends JsonOption {
  readonly yes?: boolean;
}

export async function deleteStoredJob(
  context: CommandContext,
  name: string,
  { yes, json }: DeleteOptions,
): Promise<ExitCode> {
  const { version, schedule } = await withServers(context, async ({ pool, temporal, installation }) => {
    const stored = await requireStoredJob(pool, name);
    await refuseWhileRunning(pool, name);
    if (yes !== true) await ask(context.terminal, name);
    // First the schedule: one without its job would fail at every start.
    const hadSchedule = await deleteSchedule(temporal.client, name, installation);
    await deleteJob(pool, name, userName());
    return { version: stored.version, schedule: hadSchedule };
  });
  const kept = `Its runs, its ${version === 1 ? 'version' : `${String(version)} versions`} and what it published stay.`;
  await (json === true
    ? writeJson(context, { job: name, deleted: true, schedule_deleted: schedule })
    : context.terminal.write(`${name} is deleted${schedule ? ', and its schedule' : ''}. ${kept}\n`));
  return EXIT.success;
}

/** Requires the name of the job as confirmation, so that it is read before it is deleted. */
async function ask(terminal: Terminal, name: string): Promise<void> {
  terminal.say(`Delete the stored job ${name} and its schedule? Type its name to confirm:`);
  const lines = createInterface({ input: terminal.input });
  let answer: string | undefined;
  for await (const line of lines) {
    answer = line.trim();
    break;
  }
  lines.close();
  if (answer === name) return;
  const found = answer === undefined ? 'found no answer' : `found "${answer}"`;
  throw new ConfigError(
    'E_NOT_CONFIRMED',
    `Expected the name ${name} as confirmation, or --yes, ${found}. Nothing was deleted.`,
  );
}
