/** `preview JOB|FILE`: reads and transforms only. Needs no server, writes nothing. */
import { Option, type Command } from 'commander';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, type CommandContext, type JsonOption } from '../command-context.ts';
import { composeRequest, type RequestOptions } from './run/compose-request.ts';
import { EXIT } from '../exit-code.ts';
import { PREVIEW_FORMATS, type PreviewFormat } from './preview/preview-format.ts';
import type * as PreviewDiff from './preview/preview-diff.ts';
import { previewTask } from './preview/preview-task.ts';
import { argumentOption } from './options/argument-option.ts';
import { parseCount } from './options/parse-count.ts';

interface PreviewOptions extends Omit<RequestOptions, 'title' | 'force' | 'queue'>, JsonOption {
  readonly limit?: number;
  readonly format: PreviewFormat;
  readonly task?: string;
  readonly diff?: boolean;
  readonly changes: number;
}

export function addPreviewCommand(program: Command, context: CommandContext): void {
  program
    .command('preview')
    .summary('read and transform only: no server, nothing written')
    .description(
      'Prints the documents that a run would stage, one line for each entry. Warnings and the summary go to stderr. The exit code is 1 if every entry is rejected.',
    )
    .argument('<job>', 'the name of a job, or the path of a job file')
    .option('--input <path>', 'a file to read instead of the source of the job; - reads stdin')
    .option('--limit <n>', 'stop after this many entries', parseCount)
    .option('--since <time>', 'what to read from')
    .addOption(argumentOption())
    .option('--custom-args <json>', 'a JSON object merged into the job config, or @FILE')
    .option('--task <name>', 'the task of a job that has several (default: the first)')
    .addOption(
      new Option('--format <format>', 'how entries are printed; trace shows the value after each transformer')
        .choices(PREVIEW_FORMATS)
        .default('jsonl'),
    )
    .addOption(
      new Option(
        '--diff',
        'show how the records would change the published ones, instead of the records; needs the database, but changes nothing in it',
      ).conflicts('format'),
    )
    .option('--changes <n>', 'with --diff: how many changes are shown at most', parseCount, 20)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync preview ror-affiliations --input v2.9-2026-06-23-ror-data.zip --limit 3',
        'vocab-sync preview ror-affiliations --input sample.zip --format trace --limit 1',
        'vocab-sync preview jobs/our-terms.json --diff',
      ),
    )
    .action(async (job: string, options: PreviewOptions) => {
      const catalog = await loadCatalog(context.settings(), context.cwd);
      const { effective, request } = await composeRequest(context, catalog, job, 'run', options);
      const reading = {
        since: effective.since ?? request.since,
        ...(options.limit === undefined ? {} : { limit: options.limit }),
        ...(options.task === undefined ? {} : { task: options.task }),
      };
      const json = options.json === true;
      const { read, rejected } =
        options.diff === true
          ? await diff(context, catalog, effective.job, { ...reading, changes: options.changes, json })
          : await previewTask(context, catalog, effective.job, { ...reading, format: json ? 'json' : options.format });
      context.end(read > 0 && rejected === read ? EXIT.failed : EXIT.success);
    });
}

/** Modules that need a database are loaded only here, because a plain preview needs none. */
async function diff(...args: Parameters<typeof PreviewDiff.previewDiff>): ReturnType<typeof PreviewDiff.previewDiff> {
  const { previewDiff } = await import('./preview/preview-diff.ts');
  return previewDiff(...args);
}
