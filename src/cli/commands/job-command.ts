/** `job …`: the stored jobs. */
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { jobInvalid } from '../../job/load-job.ts';
import { parseJob } from '../../job/parse-job.ts';
import { listVersions } from '../../postgres/ledger/job-versions.ts';
import { setActive } from '../../postgres/ledger/job-switches.ts';
import type { Reconciled } from '../../temporal/plan-schedule.ts';
import { reconcileSchedule } from '../../temporal/reconcile-schedule.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { loadCatalog } from '../catalog.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { withServers, type Servers } from '../servers/open-servers.ts';
import { hint } from '../render/page.ts';
import { renderSchedule } from '../render/render-applied.ts';
import { deleteStoredJob, type DeleteOptions } from './job/delete-job.ts';
import { duplicateJob, type DuplicateOptions } from './job/duplicate-job.ts';
import { listJobsCommand, showJob } from './job/show-jobs.ts';
import { requireVersion, showVersions, type VersionsOptions } from './job/show-versions.ts';
import { transferJob, type TransferOptions } from './job/transfer-job.ts';
import { requireStoredJob } from './job/require-stored-job.ts';
import { parseCount } from './options/parse-count.ts';
import { parseText } from './options/parse-text.ts';
import { storeFiles, type ApplyOptions } from './apply-command.ts';
import { addHistoryCommand } from './history-command.ts';
import { readJobFiles } from './apply/read-job-files.ts';
import { toScheduled } from './apply/set-schedules.ts';
import { userName } from './run/compose-request.ts';

export function addJobCommand(program: Command, context: CommandContext): void {
  const job = program
    .command('job')
    .summary('the stored jobs: list, show, versions, history, export, import, duplicate, switch on and off, delete')
    .description('Looks at and changes the jobs that `apply` stored. Files are stored with `vocab-sync apply`.')
    .addHelpText('after', examples('vocab-sync job list', 'vocab-sync job versions ror-affiliations --diff'));
  addLooking(job, context);
  addHistoryCommand(job, context);
  addMoving(job, context);
  addTransfer(job, context);
  addDuplicating(job, context);
  addSwitching(job, context);
}

function addLooking(job: Command, context: CommandContext): void {
  job
    .command('list')
    .summary('every stored job')
    .description('Lists the stored jobs with version, schedule and who stored them last.')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync job list --json'))
    .action(async (options: JsonOption) => {
      context.end(await listJobsCommand(context, options));
    });
  job
    .command('show')
    .summary('one stored job')
    .description('Shows a stored job with its schedule, its version and who stored it.')
    .argument('<job>', 'the name of a stored job')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync job show ror-affiliations'))
    .action(async (name: string, options: JsonOption) => {
      context.end(await showJob(context, name, options));
    });
  job
    .command('versions')
    .summary('who stored what, and when')
    .description(
      'Lists the versions of a job, newest first, also after it was deleted; --diff adds what each one changed.',
    )
    .argument('<job>', 'the name of a job')
    .option('--diff', 'what each version changed, or what differs between --from and --to')
    .option('--from <version>', 'with --diff: compare this version', parseCount)
    .option('--to <version>', 'with --diff: to this one; default: the newest', parseCount)
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync job versions ror-affiliations --diff --from 1'))
    .action(async (name: string, options: VersionsOptions) => {
      context.end(await showVersions(context, name, options));
    });
}

function addTransfer(job: Command, context: CommandContext): void {
  job
    .command('transfer')
    .summary('transfer the records of one job to another')
    .description(
      'After a job was renamed, or deleted and made again, its records belong to the old name and are rejected as E_RECORD_OWNED. Shows which records of which targets would be handed over; --yes does it, in one transaction, and writes it down.',
    )
    .argument('<from>', 'the job that owns the records')
    .argument('<to>', 'the job that gets them')
    .option('--target <name>', 'only this target, such as postgres:affiliations', parseText('target'))
    .option('--reason <text>', 'why', parseText('reason'))
    .option('--yes', 'do it')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync job transfer ror ror-affiliations', 'vocab-sync job transfer ror ror-affiliations --yes'),
    )
    .action(async (from: string, to: string, options: TransferOptions) => {
      context.end(await transferJob(context, from, to, options));
    });
}

function addMoving(job: Command, context: CommandContext): void {
  job
    .command('export')
    .summary('print a stored job as a job file')
    .description(
      'Prints the config of a stored job on stdout, as `apply` and `job import` accept it. It contains references to secrets, never secrets.',
    )
    .argument('<job>', 'the name of a job')
    .option('--job-version <n>', 'an older version; default: the newest', parseCount)
    .addHelpText('after', examples('vocab-sync job export ror-affiliations > config/jobs/ror-affiliations.json'))
    .action(async (name: string, options: ExportOptions) => {
      context.end(await exportJob(context, name, options));
    });
  job
    .command('import')
    .summary('store a job from a file or stdin')
    .description('Stores one job, as `apply` does with a file: a new version if it differs, with its schedule updated.')
    .argument('<file>', 'a job file; - reads stdin')
    .option('--dry-run', 'say what would be done; store nothing, touch no schedule')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync job export my-job --job-version 3 | vocab-sync job import -'))
    .action(async (file: string, options: ApplyOptions) => {
      context.end(await importJob(context, file, options));
    });
}

function addDuplicating(job: Command, context: CommandContext): void {
  job
    .command('duplicate')
    .summary('store a copy of a job under another name')
    .description(
      'Stores a copy of a stored job under another name, not active: it writes into the same targets until that is edited. ' +
        '`job export` gives its file, `job activate` lets its schedule start it.',
    )
    .argument('<job>', 'the name of a stored job')
    .argument('<copy>', 'the name of the copy')
    .option('--title <text>', 'its title; default: that of the job with "(copy)"')
    .option('--dry-run', 'say what would be done; store nothing')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync job duplicate ror-affiliations ror-trial --title "ROR, a trial"'))
    .action(async (name: string, copy: string, options: DuplicateOptions) => {
      context.end(await duplicateJob(context, name, copy, options));
    });
}

function addSwitching(job: Command, context: CommandContext): void {
  for (const [word, active, what] of [
    ['activate', true, 'let its schedule start a job again'],
    ['deactivate', false, 'stop the schedule of a job; you can still run it by hand'],
  ] as const) {
    job
      .command(word)
      .summary(what)
      .description(
        `Switches a stored job ${active ? 'on' : 'off'}. That is kept until "active" is edited in its file and applied.`,
      )
      .argument('<job>', 'the name of a stored job')
      .option(...JSON_OPTION)
      .addHelpText('after', examples(`vocab-sync job ${word} ror-affiliations`))
      .action(async (name: string, options: JsonOption) => {
        context.end(await switchJob(context, name, active, options));
      });
  }
  job
    .command('delete')
    .summary('delete a stored job; its runs and versions are kept')
    .description(
      'Deletes a stored job and its schedule. Its versions, runs and published records are kept. It asks for confirmation, and refuses while a run is active.',
    )
    .argument('<job>', 'the name of a stored job')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync job delete my-job --yes'))
    .action(async (name: string, options: DeleteOptions) => {
      context.end(await deleteStoredJob(context, name, options));
    });
}

/** `job import FILE|-`: one job, stored as `apply` would. */
async function importJob(context: CommandContext, file: string, options: ApplyOptions): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings(), context.cwd);
  if (file !== '-')
    return storeFiles(context, { ...(await readJobFiles(context, catalog, [file])), isFolder: false }, options);
  const { job, config, problems } = await parseJob(await text(context.terminal.input), { catalog });
  if (job === undefined) throw jobInvalid(problems, 'on stdin');
  const jobs = [{ job, config: JSON.stringify(config), file: '-' }];
  return storeFiles(context, { jobs, isFolder: false }, options);
}

interface ExportOptions {
  readonly jobVersion?: number;
}

/** `job export JOB`: the text of a job file, on stdout. */
async function exportJob(context: CommandContext, name: string, { jobVersion }: ExportOptions): Promise<ExitCode> {
  const config = await withLedger(context, async ({ pool }) => {
    // Versions outlive the job, so an older one of a deleted job can still be had.
    if (jobVersion === undefined) return (await requireStoredJob(pool, name)).config;
    return requireVersion(name, await listVersions(pool, name), jobVersion).config;
  });
  await context.terminal.write(`${JSON.stringify(JSON.parse(config), null, 2)}\n`);
  return EXIT.success;
}

/** `job activate|deactivate JOB`. */
async function switchJob(
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
  const { job, problems } = await parseJob(stored.config, { catalog });
  if (job === undefined) throw jobInvalid(problems);
  return reconcileSchedule(temporal.client, toScheduled(job, stored.active, { searchAttributes, installation }));
}
