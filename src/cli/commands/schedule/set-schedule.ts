/** `schedule JOB set|clear`: stores a new version of the job that differs only in its schedule. */
import { ConfigError, messageOf } from '../../../errors.ts';
import { isJsonObject, type JsonObject } from '../../../records/json-object.ts';
import { jobInvalid, parseJob } from '../../../job/load-job.ts';
import { toSpan } from '../../../job/effective/since.ts';
import { loadCatalog } from '../../catalog.ts';
import type { CommandContext } from '../../command-context.ts';
import { storeFiles } from '../apply-command.ts';
import type { ExitCode } from '../../exit-code.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { requireStoredJob } from '../job/require-stored-job.ts';
import type { ScheduleOptions } from './show-schedule.ts';

export interface SetScheduleOptions extends ScheduleOptions {
  readonly timezone?: string;
  readonly dryRun?: boolean;
}

const FORMS =
  'five fields of a crontab such as "30 3 * * 1", a span such as "6 hours" or "P7D", or a JSON object such as {"type": "interval", "hours": 6}';

export function setSchedule(
  context: CommandContext,
  name: string,
  written: string | undefined,
  options: SetScheduleOptions,
): Promise<ExitCode> {
  return store(context, name, options, (before) => toSchedule(written, before, options.timezone));
}

export function clearSchedule(
  context: CommandContext,
  name: string,
  written: string | undefined,
  options: SetScheduleOptions,
): Promise<ExitCode> {
  if (written !== undefined) throw invalid(`Expected nothing after "clear", found ${JSON.stringify(written)}.`);
  return store(context, name, options, () => null);
}

async function store(
  context: CommandContext,
  name: string,
  options: SetScheduleOptions,
  change: (before: JsonObject) => unknown,
): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings(), context.cwd);
  const stored = await withLedger(context, ({ pool }) => requireStoredJob(pool, name));
  const before = JSON.parse(stored.config) as { readonly schedule?: unknown };
  const schedule = change(isJsonObject(before.schedule) ? before.schedule : {});
  const config = JSON.stringify({ ...before, schedule });
  const { job, problems } = await parseJob(config, { catalog });
  // The text was made here: its lines tell nothing.
  const unplaced = problems.map((problem) => ({ ...problem, line: 0, column: 0 }));
  if (job === undefined) throw jobInvalid(unplaced, `${name} with this schedule`);
  const code = await storeFiles(
    context,
    { jobs: [{ job, config, file: `stored as ${name}` }], isFolder: false },
    options,
  );
  context.terminal.say(
    `A file of this job still has its old schedule, and the next apply of it sets that again: vocab-sync job export ${name} prints the new one.`,
  );
  return code;
}

/** The keys that an interval and a crontab have in common. They are kept. */
const RULES = ['jitter_seconds', 'overlap', 'catchup_window_seconds', 'end_at'];

function toSchedule(written: string | undefined, before: JsonObject, timezone: string | undefined): unknown {
  if (written === undefined) throw invalid(`Expected a schedule after "set", found none: ${FORMS}.`);
  if (written.trim().startsWith('{')) {
    if (timezone !== undefined) throw invalid('Expected the time zone inside the JSON object, found --timezone too.');
    return parseObject(written);
  }
  const rules = Object.fromEntries(Object.entries(before).filter(([key]) => RULES.includes(key)));
  const span = toSpan(written);
  if (span === undefined) {
    if (written.trim().split(/\s+/).length !== 5) {
      throw invalid(`Expected a schedule, found ${JSON.stringify(written)}: ${FORMS}.`);
    }
    const zone = timezone ?? before['timezone'];
    return { type: 'crontab', cron: written.trim(), ...(zone === undefined ? {} : { timezone: zone }), ...rules };
  }
  const { years = 0, months = 0, ...rest } = span;
  if (years + months > 0)
    throw invalid(`Expected a span of weeks at most, found ${JSON.stringify(written)}: write a crontab.`);
  if (timezone !== undefined)
    throw invalid('Expected a crontab with --timezone, found an interval, which has no zone.');
  const parts = Object.fromEntries(Object.entries(rest).filter(([, amount]) => amount > 0));
  return { type: 'interval', ...parts, ...rules };
}

function parseObject(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch (cause) {
    throw invalid(`Expected a schedule as JSON, but it is not JSON: ${messageOf(cause)}.`, cause);
  }
}

function invalid(message: string, cause?: unknown): ConfigError {
  return new ConfigError('E_JOB_INVALID', message, cause === undefined ? {} : { cause });
}
