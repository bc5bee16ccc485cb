/** `logs RUN`: what the steps of a run logged, from the ledger. */
import { setTimeout as wait } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { findRunId } from '../../postgres/ledger/history.ts';
import type { Pool } from '../../postgres/pool.ts';
import { LOG_LEVELS, readLog, type LogLevel, type LogLine } from '../../postgres/ledger/run-log.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { fitText } from '../render/page.ts';
import { printable } from '../render/printable.ts';

interface LogsOptions extends JsonOption {
  readonly follow?: boolean;
  readonly level: LogLevel;
}

const PAGE = 500;
const POLL_MILLISECONDS = 500;

export function addLogsCommand(program: Command, context: CommandContext): void {
  program
    .command('logs')
    .summary('the log of a run')
    .description(
      'Prints the log of the steps of the run. It is stored with the run, independently of Temporal and the worker.',
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--follow', 'wait for more until the run has ended')
    .addOption(new Option('--level <level>', 'only lines of this level and above').choices(LOG_LEVELS).default('info'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync logs ror-affiliations@latest --follow', 'vocab-sync logs 0199d3b2-4c1e --level warn'),
    )
    .action(async (reference: string, { follow, level, json }: LogsOptions) => {
      const leave = new AbortController();
      const quiet = context.terminal.onInterrupt(() => {
        leave.abort();
      });
      const kept: LogLine[] = [];
      let count = 0;
      const take = async (lines: readonly LogLine[]): Promise<void> => {
        count += lines.length;
        if (json === true) kept.push(...lines);
        else if (lines.length > 0)
          await context.terminal.write(fitText(lines.map(renderLine).join(''), context.terminal.page));
      };
      try {
        const run = await withLedger(context, async ({ pool }) => {
          const id = await findRunId(pool, reference);
          await followLog(pool, id, { level, follow: follow === true, signal: leave.signal }, take);
          return id;
        });
        if (json === true) await writeJson(context, { run, lines: kept });
        if (count === 0) context.terminal.say(`No lines of level ${level} or above are kept of run ${run}.`);
      } finally {
        quiet();
      }
      context.end(leave.signal.aborted ? EXIT.interrupted : EXIT.success);
    });
}

interface Following {
  readonly level: LogLevel;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

async function followLog(
  pool: Pool,
  run: string,
  { level, follow, signal }: Following,
  take: (lines: readonly LogLine[]) => Promise<void>,
): Promise<void> {
  let after = 0;
  for (;;) {
    // Asked before the page, so that the last page is read after the run has ended.
    const ended = !follow || (await findRun(pool, run))?.finished_at !== null;
    const lines = await readLog(pool, run, { level, after, limit: PAGE });
    await take(lines);
    after = lines.at(-1)?.id ?? after;
    if (signal.aborted || (ended && lines.length < PAGE)) return;
    if (lines.length < PAGE) await wait(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }
}

function renderLine({ at, level, message, fields }: LogLine): string {
  const { step, task, message: reason, ...rest } = fields ?? {};
  const place = [step, task].filter((part) => typeof part === 'string').join(' ');
  const facts = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  const text = [message, ...(typeof reason === 'string' ? [reason] : []), ...facts].join(' ');
  return `${at}  ${level.padEnd(5)}  ${place === '' ? '' : `${printable(place)}: `}${printable(text, 600)}\n`;
}
