/** `preview JOB|FILE`: reads and transforms only. Needs no server, writes nothing. */
import { Option, type Command } from 'commander';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, type CommandContext, type JsonOption } from '../command-context.ts';
import { composeRequest, type RequestOptions } from './run/compose-request.ts';
import { EXIT } from '../exit-code.ts';
import { PREVIEW_FORMATS, type PreviewFormat } from './preview/preview-format.ts';
import { previewTask } from './preview/preview-task.ts';
import { argumentOption } from './options/argument-option.ts';
import { parseCount } from './options/parse-count.ts';

interface PreviewOptions extends Omit<RequestOptions, 'title' | 'force' | 'queue'>, JsonOption {
  readonly limit?: number;
  readonly format: PreviewFormat;
  readonly task?: string;
}

export function addPreviewCommand(program: Command, context: CommandContext): void {
  program
    .command('preview')
    .summary('read and transform only: no server, nothing written')
    .description(
      'Prints what a run would stage, one line for each entry. Warnings and the summary go to stderr. Exit code 1 when every entry is rejected.',
    )
    .argument('<job>', 'the name of a job, or the path of a job file')
    .option('--input <path>', 'a file that stands in for the source of the job; - reads stdin')
    .option('--limit <n>', 'stop after this many entries', parseCount)
    .option('--since <time>', 'what to read from')
    .addOption(argumentOption())
    .option('--custom-args <json>', 'a JSON object laid over the job config, or @FILE')
    .option('--task <name>', 'the task of a job that has several (default: the first)')
    .addOption(
      new Option('--format <format>', 'how entries are printed; trace shows the value after each transformer')
        .choices(PREVIEW_FORMATS)
        .default('jsonl'),
    )
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync preview ror-affiliations --input v2.9-2026-06-23-ror-data.zip --limit 3',
        'vocab-sync preview ror-affiliations --input sample.zip --format trace --limit 1',
      ),
    )
    .action(async (job: string, options: PreviewOptions) => {
      const catalog = await loadCatalog(context.settings().plugins, context.cwd);
      const { effective, request } = await composeRequest(context, catalog, job, 'run', options);
      const { read, rejected } = await previewTask(context, catalog, effective.job, {
        format: options.json === true ? 'json' : options.format,
        since: effective.since ?? request.since,
        ...(options.limit === undefined ? {} : { limit: options.limit }),
        ...(options.task === undefined ? {} : { task: options.task }),
      });
      context.end(read > 0 && rejected === read ? EXIT.failed : EXIT.success);
    });
}
