/** `prune`: removes old data that nothing needs from the ledger and from the spool. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { goBack } from '../../job/effective/since.ts';
import { listFilesInUse, prune, type Pruned } from '../../postgres/ledger/prune.ts';
import { pruneSpool, type PrunedSpool } from '../../spool/prune-spool.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { countOf, formatBytes, formatTime } from '../render/format-number.ts';
import { fitText } from '../render/page.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { parseCount } from './options/parse-count.ts';

interface PruneOptions extends JsonOption {
  readonly runsOlderThan: Date;
  readonly keepRuns: number;
  readonly changesOlderThan?: Date;
  readonly spoolOlderThan: Date;
  readonly dryRun?: boolean;
}

export function addPruneCommand(program: Command, context: CommandContext): void {
  program
    .command('prune')
    .summary('remove old runs and old files of the spool')
    .description(
      `Removes runs that are both older than the age and not among the newest of their job, with their log, steps and rejections.
It always keeps active runs, the run that set the watermark, and the last publication of each task. Published records are not changed. The changes of records are kept unless you set --changes-older-than: without its changes, a run cannot be rolled back. Old files in the spool of this machine are
removed as well, except those of active runs.`,
    )
    .addOption(
      new Option('--runs-older-than <span>', 'runs that are older than this may be removed, such as P1Y or "90 days"')
        .argParser(parseAge)
        .default(parseAge('P1Y'), 'P1Y'),
    )
    .option('--keep-runs <n>', 'how many of the newest runs of each job are always kept', parseCount, 50)
    .option('--changes-older-than <span>', 'also remove the changes of runs that are older than this', parseAge)
    .addOption(
      new Option('--spool-older-than <span>', 'remove files in the spool that are older than this')
        .argParser(parseAge)
        .default(parseAge('P30D'), 'P30D'),
    )
    .option('--dry-run', 'show what would be removed, and from which jobs; remove nothing')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync prune --dry-run',
        'vocab-sync prune --runs-older-than P90D --keep-runs 20 --changes-older-than P3Y',
      ),
    )
    .action(async (options: PruneOptions) => {
      const isDryRun = options.dryRun === true;
      const rules = {
        runsBefore: options.runsOlderThan,
        keepRuns: options.keepRuns,
        changesBefore: options.changesOlderThan,
      };
      const { ledger, spool } = await withLedger(context, async ({ pool }) => {
        const inUse = await listFilesInUse(pool);
        return {
          ledger: await prune(pool, rules, isDryRun),
          spool: await pruneSpool(context.settings().spool, { before: options.spoolOlderThan, inUse }, isDryRun),
        };
      });
      await (options.json === true
        ? writeJson(context, { dry_run: isDryRun, ...ledger, spool })
        : context.terminal.write(fitText(renderPruned(ledger, spool, isDryRun), context.terminal.page)));
      context.end(EXIT.success);
    });
}

function parseAge(written: string): Date {
  try {
    return goBack(new Date(), written);
  } catch {
    throw new InvalidArgumentError('expected a span such as P90D or "90 days".');
  }
}

function renderPruned(ledger: Pruned, spool: PrunedSpool, isDryRun: boolean): string {
  const parts = [
    countOf(ledger.runs, 'run'),
    countOf(ledger.rejections, 'rejection'),
    countOf(ledger.log_lines, 'line of log', 'lines of log'),
    countOf(ledger.changes, 'change'),
    `${countOf(spool.files, 'file')} of the spool (${formatBytes(spool.bytes)})`,
  ];
  const jobs = ledger.jobs.map(
    ({ job, runs, oldest, newest }) =>
      `  ${job}: ${countOf(runs, 'run')}, ${runs === 1 ? formatTime(oldest) : `${formatTime(oldest)} to ${formatTime(newest)}`}\n`,
  );
  return `${isDryRun ? 'Would remove' : 'Removed'} ${parts.join(', ')}.\n${jobs.join('')}`;
}
