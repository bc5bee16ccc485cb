/** `job show JOB` */
import { findHolder } from '../../../postgres/ledger/run-rows.ts';
import type { StoredJob } from '../../../postgres/ledger/job-rows.ts';
import { writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { formatTime } from '../../render/format-number.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { printable } from '../../render/printable.ts';
import type { Page } from '../../render/page.ts';
import { renderFields } from '../../render/render-table.ts';
import { storedSchedule, toJobDocument } from './list-jobs.ts';
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
