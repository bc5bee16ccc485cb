/** `job show JOB` and `job list`. */
import { findHolder } from '../../../postgres/ledger/run-rows.ts';
import { listStoredJobs, type StoredJob } from '../../../postgres/ledger/job-rows.ts';
import { toSchedule, scheduleSchema } from '../../../job/schedule/schedule-schema.ts';
import type { Schedule } from '../../../job/schema/job.ts';
import { writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { formatTime } from '../../render/format-number.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { printable } from '../../render/printable.ts';
import { hint, type Page } from '../../render/page.ts';
import { renderFields, renderTable } from '../../render/render-table.ts';
import { requireStoredJob } from './require-stored-job.ts';
import { scheduleWords } from '../schedule/schedule-words.ts';

export async function showJob(context: CommandContext, name: string, { json }: JsonOption): Promise<ExitCode> {
  const { job, holder } = await withLedger(context, async ({ pool }) => ({
    job: await requireStoredJob(pool, name),
    holder: (await findHolder(pool, name))?.id ?? null,
  }));
  await (json === true
    ? writeJson(context, { ...toJobDocument(job), run_under_way: holder, config: JSON.parse(job.config) as unknown })
    : context.terminal.write(renderJob(job, holder, context.terminal.page)));
  return EXIT.success;
}

function renderJob(job: StoredJob, holder: string | null, page: Page): string {
  const switched =
    job.active_changed_at === null
      ? ''
      : `, switched by ${job.active_changed_by ?? 'unknown'}, ${formatTime(job.active_changed_at.toISOString())}`;
  return renderFields(
    [
      ['job', job.id],
      ['title', printable(job.title)],
      ...(job.description === null ? [] : [['description', printable(job.description)] as const]),
      ['active', `${job.active ? 'yes' : 'no: its schedule does not start it; by hand it runs'}${switched}`],
      ['schedule', scheduleWords(storedSchedule(job))],
      ['queue', printable(job.queue)],
      [
        'version',
        `${String(job.version)}, by ${printable(job.stored_by ?? 'unknown')}, ${formatTime(job.stored_at.toISOString())}`,
      ],
      ['run under way', holder ?? 'none'],
    ],
    '',
    page,
  );
}

export async function listJobsCommand(context: CommandContext, { json }: JsonOption): Promise<ExitCode> {
  const jobs = await withLedger(context, ({ pool }) => listStoredJobs(pool));
  await (json === true
    ? writeJson(context, { jobs: jobs.map(toJobDocument) })
    : context.terminal.write(renderJobs(jobs, context.terminal.page)));
  return EXIT.success;
}

/** Returns the facts about a job that `job list --json` and `job show --json` print. */
function toJobDocument(job: StoredJob) {
  const { id, title, description, active, queue, version, digest, stored_by } = job;
  const at = job.active_changed_at?.toISOString() ?? null;
  return {
    job: id,
    title,
    description,
    active,
    active_changed: at === null ? null : { by: job.active_changed_by, at },
    queue,
    schedule: storedSchedule(job) ?? null,
    version,
    digest,
    stored_by,
    stored_at: job.stored_at.toISOString(),
  };
}

/** It was checked when it was stored; one that an older release stored may no longer fit. */
export function storedSchedule({ config }: Pick<StoredJob, 'config'>): Schedule | undefined {
  const { schedule } = JSON.parse(config) as { readonly schedule?: unknown };
  const parsed = scheduleSchema.safeParse(schedule);
  return parsed.success ? toSchedule(parsed.data) : undefined;
}

function renderJobs(jobs: readonly StoredJob[], page: Page): string {
  if (jobs.length === 0) return hint(page, 'No stored jobs. `vocab-sync apply` stores job files.\n');
  return renderTable(
    [
      { title: 'job', wraps: true },
      { title: 'active' },
      { title: 'version', align: 'right' },
      { title: 'stored', below: true },
      { title: 'by', most: 20, below: true },
      { title: 'schedule', most: 50, wraps: true },
      { title: 'title', most: 50, below: true },
    ],
    jobs.map((job) => [
      job.id,
      job.active ? 'yes' : 'no',
      String(job.version),
      formatTime(job.stored_at.toISOString()),
      job.stored_by ?? '',
      scheduleWords(storedSchedule(job)),
      job.title,
    ]),
    '',
    page,
  );
}
