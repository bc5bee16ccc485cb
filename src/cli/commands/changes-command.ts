/** `changes RUN`: what a run changed, or what it would change if it waits for approval. */
import { Option, type Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { findPublishedRun, findRunId } from '../../postgres/ledger/history.ts';
import { listImpacts, type TaskImpact } from '../../postgres/ledger/impacts.ts';
import { readChanges, type RecordChange } from '../../postgres/ledger/change-history.ts';
import { toReport } from '../../pipeline/finish/report-run.ts';
import { findRun, listTasks } from '../../postgres/ledger/run-rows.ts';
import type { RunReport } from '../../records/run.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { formatNumber } from '../render/format-number.ts';
import { withLedger } from '../servers/open-ledger.ts';
import {
  CHANGE_FORMATS,
  renderChanges,
  renderReleaseNote,
  toChangeLine,
  type ChangeFormat,
} from '../render/render-changes.ts';
import { shortId } from '../render/short-id.ts';
import { runTargets } from './run/run-targets.ts';
import { parseCount } from './options/parse-count.ts';

interface ChangesOptions extends JsonOption {
  readonly op?: string;
  readonly target?: string;
  readonly limit: number;
  readonly format: ChangeFormat;
}

export function addChangesCommand(program: Command, context: CommandContext): void {
  program
    .command('changes')
    .summary('what a run changed, or would change, field by field')
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .addOption(
      new Option('--op <kind>', 'only one kind of change').choices([
        'insert',
        'update',
        'withdraw',
        'restore',
        'remove',
      ]),
    )
    .option('--target <name>', 'only one target, such as postgres:affiliations')
    .option('--limit <n>', 'how many changes are printed at most', parseCount, 100)
    .addOption(new Option('--format <format>', 'how they are printed').choices(CHANGE_FORMATS).default('table'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync changes ror-affiliations@latest',
        'vocab-sync changes ror-affiliations@latest --format markdown > release-note.md',
      ),
    )
    .action(async (reference: string, options: ChangesOptions) => {
      const { run, report, changes, impacts } = await readRunChanges(context, reference, options);
      sayWhichTargets(context, report, options.target);
      if (options.json === true) await writeJson(context, { run, changes: changes.map(toChangeLine) });
      else if (changes.length === 0 && options.format === 'table') await context.terminal.write('No changes.\n');
      else if (options.format === 'markdown') {
        await context.terminal.write(renderReleaseNote(report, changes, changes.length === options.limit, impacts));
      } else await writeChanges(context, changes, options.format);
      if (changes.length === 0) await sayWhoPublished(context, reference, run);
      if (changes.length === options.limit) {
        context.terminal.say(`The first ${formatNumber(options.limit)}; --limit shows more.`);
      }
      context.end(EXIT.success);
    });
}

/** A caller who asks for the changes of the latest run usually wants the last published ones. */
async function sayWhoPublished(context: CommandContext, reference: string, run: string): Promise<void> {
  const job = /^(.+)@latest$/.exec(reference)?.[1];
  if (job === undefined) return;
  const published = await withLedger(context, ({ pool }) => findPublishedRun(pool, job));
  if (published === undefined || published === run) return;
  context.terminal.say(
    `Run ${shortId(run)} is the latest of ${job}. The last one that published changes is ${shortId(published)}: vocab-sync changes ${job}@published`,
  );
}

/** A target that is misspelt has no changes either. */
function sayWhichTargets({ terminal }: CommandContext, { run, tasks }: RunReport, target: string | undefined): void {
  const names = [...new Set(tasks.flatMap(({ targets }) => targets.map(({ name }) => name)))];
  if (target === undefined || names.includes(target)) return;
  terminal.say(`warning: Run ${run} has no target "${target}"; it has ${names.join(', ') || 'none'}.`);
}

async function readRunChanges(
  context: CommandContext,
  reference: string,
  { op, target, limit }: ChangesOptions,
): Promise<{
  run: string;
  report: RunReport;
  changes: readonly RecordChange[];
  impacts: readonly TaskImpact[];
}> {
  const catalog = await loadCatalog(context.settings());
  return withLedger(context, async ({ pool }) => {
    const id = await findRunId(pool, reference);
    const run = await findRun(pool, id);
    if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${id} is not in the ledger any more.`);
    const filter = { limit, ...(op === undefined ? {} : { op }), ...(target === undefined ? {} : { target }) };
    const report = toReport(run, await listTasks(pool, id), null);
    const impacts = (await listImpacts(pool, id)).filter((one) => target === undefined || one.target === target);
    return { run: id, report, impacts, changes: await readChanges(pool, id, filter, await runTargets(run, catalog)) };
  });
}

/** Written as they are rendered. */
async function writeChanges(
  { terminal }: CommandContext,
  changes: readonly RecordChange[],
  format: ChangeFormat,
): Promise<void> {
  for (const change of changes) await terminal.write(renderChanges([change], format, terminal.page));
}
