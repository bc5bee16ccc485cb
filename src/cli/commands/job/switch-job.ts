/** `job activate|deactivate JOB` */
import { parseJob } from '../../../job/parse-job.ts';
import { jobInvalid } from '../../../job/load-job.ts';
import { setActive } from '../../../postgres/ledger/job-switches.ts';
import type { Reconciled } from '../../../temporal/plan-schedule.ts';
import { reconcileSchedule } from '../../../temporal/reconcile-schedule.ts';
import { toScheduled } from '../apply/set-schedules.ts';
import { writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { userName } from '../run/compose-request.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { withServers, type Servers } from '../../servers/open-servers.ts';
import { hint } from '../../render/page.ts';
import { renderSchedule } from '../../render/render-applied.ts';
import { requireStoredJob } from './require-stored-job.ts';

export async function switchJob(
  context: CommandContext,
  name: string,
  active: boolean,
  { json }: JsonOption,
): Promise<ExitCode> {
  const { changed, schedule } = await withServers(context, async (servers) => {
    await requireStoredJob(servers.pool, name);
    const isChanged = await setActive(servers.pool, name, active, userName());
    return { changed: isChanged, schedule: await reconcileStored(servers, name) };
  });
  const word = active ? 'active' : 'not active';
  const lines = [
    `${name} is ${changed ? `${word} now` : `${word}, as before`}`,
    ...renderSchedule(schedule, name).map((line) => `    ${hint(context.terminal.page, line)}`),
  ];
  await (json === true
    ? writeJson(context, { job: name, active, changed, schedule })
    : context.terminal.write(`${lines.join('\n')}\n`));
  return schedule.action === 'foreign' ? EXIT.failed : EXIT.success;
}

/** The schedule of a job as it is stored now. */
async function reconcileStored(
  { pool, temporal, catalog, searchAttributes, installation }: Servers,
  name: string,
): Promise<Reconciled> {
  const stored = await requireStoredJob(pool, name);
  const { job, problems } = parseJob(stored.config, { catalog });
  if (job === undefined) throw jobInvalid(problems);
  return reconcileSchedule(temporal.client, toScheduled(job, stored.active, { searchAttributes, installation }));
}
