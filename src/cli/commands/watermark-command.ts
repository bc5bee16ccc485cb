/** `watermark JOB [show|set TIME|clear]`: where the next run starts from, and why. */
import { Argument, type Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { parseSince } from '../../job/effective/since.ts';
import type { Pool } from '../../postgres/pool.ts';
import { findHolder } from '../../postgres/ledger/run-rows.ts';
import { changeWatermark } from '../../postgres/ledger/watermark.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { userName } from './run/compose-request.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { renderWatermark, reportWatermark } from './watermark/watermark-report.ts';
import { findKnownJob } from './job/find-known-job.ts';
import { parseText } from './options/parse-text.ts';

type WatermarkAction = 'show' | 'set' | 'clear';

interface WatermarkOptions extends JsonOption {
  readonly by?: string;
  readonly reason?: string;
}

export function addWatermarkCommand(program: Command, context: CommandContext): void {
  program
    .command('watermark')
    .summary('where the next run of a job starts from, and why')
    .description(
      'Shows the time from which the next run reads, the run it came from, and the runs that did not move it. `set` and `clear` are stored with the person, time and reason. An active run keeps its own since.',
    )
    .argument('<job>', 'the name of a job')
    .addArgument(new Argument('[action]', 'what to do').choices(['show', 'set', 'clear']).default('show'))
    .argument('[time]', 'with set: YYYY-MM-DD HH:mm, ISO 8601, a date, or a span such as "2 days"')
    .option('--by <name>', 'who sets or clears it (default: the user of this machine)', parseText('name'))
    .option('--reason <text>', 'why it is set or cleared', parseText('reason'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync watermark ror-affiliations',
        'vocab-sync watermark ror-affiliations set 2026-01-01 --reason "imported by hand up to New Year"',
        'vocab-sync watermark ror-affiliations clear --reason "read everything once more"',
      ),
    )
    .action(async (name: string, action: WatermarkAction, time: string | undefined, options: WatermarkOptions) => {
      if (action !== 'set') refuseTime(action, time);
      const since = action === 'set' ? parseTime(time) : undefined;
      const catalog = await loadCatalog(context.settings(), context.cwd);
      const report = await withLedger(context, async ({ pool }) => {
        const job = await findKnownJob(context, pool, catalog, name);
        if (action !== 'show') await change(context, pool, job.id, since, options);
        return reportWatermark(pool, job);
      });
      await (options.json === true
        ? writeJson(context, report)
        : context.terminal.write(renderWatermark(report, context.terminal.page)));
      context.end(EXIT.success);
    });
}

function parseTime(written: string | undefined): Date {
  const example = 'for example: vocab-sync watermark JOB set 2026-01-01';
  if (written === undefined) {
    throw new ConfigError('E_SINCE_INVALID', `Expected a time to set the watermark to, found none; ${example}.`);
  }
  const parsed = parseSince(written, new Date());
  if (parsed !== 'none') return parsed.time;
  throw new ConfigError(
    'E_SINCE_INVALID',
    `Expected a time to set the watermark to, found "none". To have the next run read everything: vocab-sync watermark JOB clear.`,
  );
}

function refuseTime(action: WatermarkAction, written: string | undefined): void {
  if (written === undefined) return;
  throw new ConfigError(
    'E_SINCE_INVALID',
    `Expected nothing after "${action}", found "${written}". To move the watermark: vocab-sync watermark JOB set ${written}.`,
  );
}

async function change(
  { terminal }: CommandContext,
  pool: Pool,
  job: string,
  since: Date | undefined,
  { by, reason }: WatermarkOptions,
): Promise<void> {
  await changeWatermark(pool, job, { since, by: by ?? userName(), reason });
  const holder = await findHolder(pool, job);
  if (holder === undefined) return;
  terminal.say(
    `Run ${holder.id} is under way: it keeps its own since, and will not move the watermark that was set now.`,
  );
}
