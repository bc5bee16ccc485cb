/** `runs [JOB]`: the ledger, newest first. */
import { Option, type Command } from 'commander';
import { parseSince } from '../../job/effective/since.ts';
import { findRunId, isRunPrefix, listRuns, type RunFilter, type RunSummary } from '../../postgres/ledger/history.ts';
import type { RunTrigger } from '../../records/run.ts';
import { ConfigError } from '../../errors.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { quoteForShell } from '../program-name.ts';
import { formatDuration, formatNumber, formatTime } from '../render/format-number.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { colourOfState, stateOf } from '../render/render-report.ts';
import { parseCount } from './options/parse-count.ts';
import type { Page } from '../render/page.ts';
import { renderTable } from '../render/render-table.ts';
import { shortId } from '../render/short-id.ts';

const STATES = [
  'running',
  'waiting',
  'success',
  'partial',
  'failed',
  'cancelled',
  'unchanged',
  'discarded',
  'skipped',
  'rolled_back',
];

interface RunsOptions extends JsonOption {
  readonly status?: string;
  readonly trigger?: RunTrigger;
  readonly after?: string;
  readonly before?: string;
  readonly limit: number;
}

export function addRunsCommand(program: Command, context: CommandContext): void {
  program
    .command('runs')
    .summary('list the runs, newest first')
    .argument('[job]', 'only the runs of this job')
    .addOption(new Option('--status <state>', 'only runs in this state').choices(STATES))
    .addOption(new Option('--trigger <how>', 'only runs that were started in this way').choices(['manual', 'schedule']))
    .option('--after <time>', 'only runs that started then or later: a date, a time or a span such as P7D')
    .option('--before <time>', 'only runs that started earlier, or, with a run id, the runs after it in this list')
    .option('--limit <n>', 'how many', parseCount, 20)
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync runs', 'vocab-sync runs ror-affiliations --status failed --after P7D'))
    .action(async (job: string | undefined, options: RunsOptions) => {
      const { limit, json } = options;
      // One more than is shown, to know whether there is a next page.
      const filter = { ...toFilter(job, options), limit: limit + 1 };
      const { before } = options;
      const found = await withLedger(context, async ({ pool }) =>
        listRuns(
          pool,
          before === undefined || !isRunPrefix(before) ? filter : { ...filter, behind: await findRunId(pool, before) },
        ),
      );
      const runs = found.slice(0, limit);
      await (json === true
        ? writeJson(context, { runs })
        : context.terminal.write(renderRuns(runs, context.terminal.page)));
      const last = runs.at(-1);
      if (last !== undefined && found.length > limit) {
        context.terminal.say(
          `The newest ${formatNumber(limit)}; the next page:\n  ${nextPage(job, options, last.run)}`,
        );
      }
      context.end(EXIT.success);
    });
}

/** The same list, from there on. */
function nextPage(job: string | undefined, { status, trigger, after, limit }: RunsOptions, last: string): string {
  const words = Object.entries({ status, trigger, after, limit: String(limit), before: last });
  const options = words.flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${quoteForShell(value)}`]));
  return ['vocab-sync runs', ...(job === undefined ? [] : [quoteForShell(job)]), ...options].join(' ');
}

function toFilter(job: string | undefined, { status, trigger, after, before, limit }: RunsOptions): RunFilter {
  return {
    limit,
    ...(job === undefined ? {} : { job }),
    ...(status === undefined ? {} : { status }),
    ...(trigger === undefined ? {} : { trigger }),
    ...(after === undefined ? {} : { after: toTime(after, '--after') }),
    ...(before === undefined || isRunPrefix(before) ? {} : { before: toTime(before, '--before') }),
  };
}

function toTime(written: string, option: string): Date {
  try {
    const parsed = parseSince(written, new Date());
    if (parsed !== 'none') return parsed.time;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const message = cause.message.replace('"since" cannot be used', `The time of ${option} cannot be used`);
    throw new ConfigError('E_SINCE_INVALID', message, { cause, details: cause.details });
  }
  throw new ConfigError('E_SINCE_INVALID', `Expected a time after ${option}, found "${written}".`);
}

/** A plan, a rollback and a retry are named, since their counts mean something else. */
function sourceOf({ source, mode }: RunSummary): string {
  if (mode === 'run') return source ?? '';
  return source === null ? mode : `${source} (${mode})`;
}

function renderRuns(runs: readonly RunSummary[], page: Page): string {
  if (runs.length === 0) return 'No runs.\n';
  return renderTable(
    [
      { title: 'run' },
      { title: 'job', wraps: true },
      { title: 'state', colour: colourOfState },
      { title: 'started (UTC)' },
      { title: 'took', align: 'right', below: true },
      { title: 'read', align: 'right' },
      { title: 'changed', align: 'right' },
      { title: 'rejected', align: 'right', droppable: true },
      { title: 'source', most: 40, below: true },
    ],
    runs.map((run) => [
      shortId(run.run),
      run.job,
      stateOf(run),
      formatTime(run.started_at).slice(0, 16),
      run.finished_at === null ? '' : formatDuration(Date.parse(run.finished_at) - Date.parse(run.started_at)),
      formatNumber(run.read),
      formatNumber(run.changed),
      formatNumber(run.rejected),
      sourceOf(run),
    ]),
    '',
    page,
  );
}
