/** `runs [JOB]`: the ledger, newest first. */
import { Option, type Command } from 'commander';
import { listRuns, type RunSummary } from '../../postgres/history.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { formatDuration, formatNumber, formatTime } from '../format-number.ts';
import { withLedger } from '../open-ledger.ts';
import { stateOf } from '../render-report.ts';
import { parseCount } from '../parse-count.ts';
import { renderTable } from '../render-table.ts';
import { shortId } from '../short-id.ts';

const STATES = ['running', 'waiting', 'success', 'partial', 'failed', 'cancelled', 'unchanged', 'discarded', 'skipped'];

interface RunsOptions extends JsonOption {
  readonly status?: string;
  readonly limit: number;
}

export function addRunsCommand(program: Command, context: CommandContext): void {
  program
    .command('runs')
    .summary('list the runs, newest first')
    .argument('[job]', 'only the runs of this job')
    .addOption(new Option('--status <state>', 'only runs in this state').choices(STATES))
    .option('--limit <n>', 'how many', parseCount, 20)
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync runs', 'vocab-sync runs ror-affiliations --status waiting'))
    .action(async (job: string | undefined, { status, limit, json }: RunsOptions) => {
      const filter = { limit, ...(job === undefined ? {} : { job }), ...(status === undefined ? {} : { status }) };
      const runs = await withLedger(context, ({ pool }) => listRuns(pool, filter));
      await (json === true ? writeJson(context, { runs }) : context.terminal.write(renderRuns(runs)));
      context.end(EXIT.success);
    });
}

function renderRuns(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return 'No runs.\n';
  return renderTable(
    [
      { title: 'run' },
      { title: 'job' },
      { title: 'state' },
      { title: 'started' },
      { title: 'took', align: 'right' },
      { title: 'read', align: 'right' },
      { title: 'changed', align: 'right' },
      { title: 'rejected', align: 'right' },
      { title: 'source', most: 40 },
    ],
    runs.map((run) => [
      shortId(run.run),
      run.job,
      stateOf(run),
      formatTime(run.started_at),
      run.finished_at === null ? '' : formatDuration(Date.parse(run.finished_at) - Date.parse(run.started_at)),
      formatNumber(run.read),
      formatNumber(run.changed),
      formatNumber(run.rejected),
      run.source ?? '',
    ]),
  );
}
