/** `notify JOB`: sends a trial notice to every channel that the job notifies. */
import type { Command } from 'commander';
import { VocabSyncError } from '../../errors.ts';
import type { Job } from '../../job/schema/job.ts';
import { assertJob } from '../../job/load-job.ts';
import type { NotifyChannel } from '../../job/schema/notify-schema.ts';
import type { SendNotice } from '../../pipeline/engine.ts';
import type { Notice } from '../../records/notice.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { composeSecrets } from '../servers/compose-services.ts';
import { composeSendNotice } from '../servers/compose-send-notice.ts';
import { EXIT } from '../exit-code.ts';
import { findJob } from './run/find-job.ts';
import type { Page } from '../render/page.ts';
import { renderTable } from '../render/render-table.ts';

export function addNotifyCommand(program: Command, context: CommandContext): void {
  program
    .command('notify')
    .summary('send a trial notice to each channel of a job')
    .description(
      'Sends a test notice to every channel in "notify" of the job, and prints the results. It uses the secrets and the mail server of this process, so run it where the worker runs.',
    )
    .argument('<job>', 'the name of a job, or the path of its file')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync notify ror-affiliations'))
    .action(async (name: string, { json }: JsonOption) => {
      const settings = context.settings();
      const catalog = await loadCatalog(settings, context.cwd);
      const job = await assertJob((await findJob(context, catalog, name)).config, { catalog });
      const send = composeSendNotice(settings, composeSecrets(settings.variable));
      const results: TrialResult[] = [];
      for (const [index, channel] of job.notify.entries()) results.push(await sendTrial(send, channel, index, job));
      await (json === true
        ? writeJson(context, { job: job.id, channels: results })
        : context.terminal.write(render(results, context.terminal.page)));
      context.end(results.every(({ failure }) => failure === null) ? EXIT.success : EXIT.failed);
    });
}

interface TrialResult {
  readonly channel: string;
  readonly on: readonly string[];
  readonly failure: { readonly code: string; readonly message: string } | null;
}

async function sendTrial(send: SendNotice, channel: NotifyChannel, index: number, job: Job): Promise<TrialResult> {
  const sent = { channel: `${channel.type} ${String(index + 1)}`, on: channel.on };
  try {
    await send(channel, trialOf(job), new AbortController().signal);
    return { ...sent, failure: null };
  } catch (thrown) {
    if (!(thrown instanceof VocabSyncError)) throw thrown;
    return { ...sent, failure: { code: thrown.code, message: thrown.message } };
  }
}

function trialOf(job: Job): Notice {
  const now = new Date().toISOString();
  return {
    event: 'trial',
    report: {
      run: '00000000-0000-0000-0000-000000000000',
      job: job.id,
      outcome: null,
      phase: 'done',
      trigger: 'manual',
      mode: 'run',
      title: `Trial: ${job.title}`,
      since: null,
      started_at: now,
      finished_at: now,
      workflow_id: 'none, this is a trial',
      web_ui: null,
      tasks: [],
      error: null,
    },
  };
}

function render(results: readonly TrialResult[], page: Page): string {
  if (results.length === 0) return 'The job tells nobody of its runs: it has no "notify".\n';
  return renderTable(
    [
      { title: 'channel', wraps: true },
      { title: 'events', wraps: true },
      { title: 'trial', wraps: true },
    ],
    results.map(({ channel, on, failure }) => [
      channel,
      on.join(', '),
      failure === null ? 'delivered' : `${failure.code}: ${failure.message}`,
    ]),
    '',
    page,
  );
}
