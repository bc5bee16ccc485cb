/** The commands `verify`, `resync`, `adopt` and `drift`, which compare targets with the published records. */
import { Option, type Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { FINDINGS_KEPT, listFindings, reportDrift } from '../../postgres/ledger/drift.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import type { DriftKind } from '../../records/drift.ts';
import type { DriftMode, RunRequest } from '../../records/run.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { startAndFollow } from '../follow/start-and-follow.ts';
import { renderDrift } from '../render/render-drift.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { openServersFor } from '../servers/require-worker.ts';
import { argumentOption } from './options/argument-option.ts';
import { parseCount } from './options/parse-count.ts';
import { parseText } from './options/parse-text.ts';
import { composeRequest, type RequestOptions } from './run/compose-request.ts';

interface DriftOptions extends RequestOptions, JsonOption {
  readonly target?: string;
  readonly sample?: number;
  readonly changed?: RunRequest['onChanged'];
  readonly foreign?: RunRequest['onForeign'];
  readonly plan?: boolean;
  readonly wait?: boolean;
  readonly detach?: boolean;
}

const TARGET = [
  '--target <name>',
  'one target: its name, such as postgres:affiliations, or the part before a colon',
] as const;

export function addVerifyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('verify')
    .summary('compare targets with the published records')
    .description(
      `Reads the targets of a job and reports records that are missing, were changed (field by field), or were published by no job.
Writes nothing into a target. The exit code is 3 if records are missing or were changed, and otherwise 0; foreign records do not count. A worker does the work, and the run is
shown in the Web UI and in lists like any other. Tables of the database and files are compared with the digests of their publication.`,
    );
  addCommonOptions(command)
    .option(
      '--sample <n>',
      'compare only this many records, chosen at random; foreign records are not found',
      parseCount,
    )
    .addHelpText(
      'after',
      examples(
        'vocab-sync verify ror-affiliations',
        'vocab-sync verify ror-affiliations --target invenio-rdm --sample 500',
      ),
    )
    .action((job: string, options: DriftOptions) => start(context, job, 'verify', options));
}

export function addResyncCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('resync')
    .summary('repair what verify would find in the targets of a job')
    .description(
      `Compares the targets of a job with the published records, creates a plan of exactly the differences and publishes it like a run, with guards, approval, rejections and a change log. Missing records are sent again. A file is written again. A table of the database is
repaired by a run that reads the source: vocab-sync run JOB --force.`,
    );
  addCommonOptions(command)
    .addOption(changedOption('overwrite'))
    .addOption(
      new Option('--foreign <policy>', 'what happens to records that no job published there')
        .choices(['keep', 'remove'])
        .default('keep'),
    )
    .option('--plan', 'show what would be sent, and wait for approval')
    .addHelpText(
      'after',
      examples(
        'vocab-sync resync ror-affiliations --plan',
        'vocab-sync resync ror-affiliations --target invenio-rdm --changed keep',
      ),
    )
    .action((job: string, options: DriftOptions) => start(context, job, 'resync', options));
}

export function addAdoptCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('adopt')
    .summary('take what a target holds as the starting point of a job')
    .description(
      `Starts a run that reads the source of the job, and its targets that receive changes. If a target already holds a record as the job would publish it, the record becomes a published record without a request. If a record is missing in the target, it is sent. If it differs, --changed decides. Records that the source does not have are not changed.`,
    );
  addCommonOptions(command)
    .addOption(changedOption('ask'))
    .option('--input <path>', 'a file to read instead of the source of the job; - reads stdin')
    .option('--plan', 'show what would be adopted and sent, and wait for approval')
    .addHelpText(
      'after',
      examples(
        'vocab-sync adopt ror-affiliations --plan',
        'vocab-sync adopt ror-affiliations --target invenio-rdm --changed keep',
      ),
    )
    .action((job: string, options: DriftOptions) => start(context, job, 'adopt', options));
}

function changedOption(policy: NonNullable<RunRequest['onChanged']>): Option {
  return new Option(
    '--changed <policy>',
    'what happens to records that the target holds differently; ask waits for approval',
  )
    .choices(['overwrite', 'keep', 'ask'])
    .default(policy);
}

function addCommonOptions(command: Command): Command {
  return command
    .argument('<job>', 'the path of a job file, or the name of a job')
    .option(...TARGET)
    .option('--title <text>', 'the title of the run in lists', parseText('title'))
    .addOption(argumentOption())
    .option('--custom-args <json>', 'a JSON object merged into the job config, or @FILE')
    .option('--wait', 'while another run holds the job, wait for its end, then start; without it the exit code is 2')
    .option('--detach', 'start the run and leave it to a worker')
    .option('--queue <name>', 'a task queue other than that of the job', parseText('queue'))
    .option(...JSON_OPTION);
}

async function start(context: CommandContext, job: string, mode: DriftMode, options: DriftOptions): Promise<void> {
  const catalog = await loadCatalog(context.settings());
  const composed = await composeRequest(context, catalog, job, mode, options);
  const { target, sample, changed, foreign, plan } = options;
  const request: RunRequest = {
    ...composed.request,
    ...(target === undefined ? {} : { target }),
    ...(sample === undefined ? {} : { sample }),
    ...(changed === undefined ? {} : { onChanged: changed }),
    ...(foreign === undefined ? {} : { onForeign: foreign }),
    ...(plan === true ? { asks: true } : {}),
  };
  const code = await openServersFor(context, options.detach === true, (servers) =>
    startAndFollow(context, servers, { ...composed, request }, options),
  );
  context.end(code);
}

interface FindingsOptions extends JsonOption {
  readonly kind?: DriftKind;
  readonly target?: string;
  readonly limit: number;
}

export function addDriftCommand(program: Command, context: CommandContext): void {
  program
    .command('drift')
    .summary('what verify, resync or adopt found, record by record')
    .description(
      `Lists the findings that are kept for a run: at most ${String(FINDINGS_KEPT)} of each kind and target.`,
    )
    .argument('<run>', 'a run id, a unique prefix of it, or JOB@latest')
    .addOption(new Option('--kind <kind>', 'only one kind').choices(['missing', 'changed', 'foreign']))
    .option(...TARGET)
    .option('--limit <n>', 'how many of each kind and target at most', parseCount, 100)
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync drift ror-affiliations@latest --kind changed'))
    .action(async (reference: string, { kind, target, limit, json }: FindingsOptions) => {
      const { run, targets } = await withLedger(context, async ({ pool }) => {
        const id = await findRunId(pool, reference);
        const found = [...(await reportDrift(pool, id))].flatMap(([task, reports]) =>
          reports.map((report) => ({ task, ...report })),
        );
        if (found.length === 0) {
          throw new ConfigError(
            'E_RUN_NOT_FOUND',
            `Run ${id} compared no target. Runs of \`verify\`, \`resync\` and \`adopt\` do.`,
          );
        }
        const wanted = found.filter(
          ({ target: name }) => target === undefined || name === target || name.startsWith(`${target}:`),
        );
        const options = { perKind: Math.min(limit, FINDINGS_KEPT), ...(kind === undefined ? {} : { kind }) };
        const all = await Promise.all(
          wanted.map(async (report) => ({
            ...report,
            findings: await listFindings(pool, { run: id, task: report.task, target: report.target }, options),
          })),
        );
        return { run: id, targets: all };
      });
      await (json === true
        ? writeJson(context, { run, targets })
        : context.terminal.write(renderDrift(targets, context.terminal.page)));
      context.end(EXIT.success);
    });
}
