/** `new job ID --from FILE|URL`: inspects a source and writes a job that reads it. Needs no server. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { countOf } from '../render/format-number.ts';
import { fitText, hint } from '../render/page.ts';
import { printable } from '../render/printable.ts';
import { draftJob, type DraftedJob } from './new/draft-job.ts';

interface NewJobOptions extends JsonOption {
  readonly from: string;
  readonly out?: string;
  readonly title?: string;
  readonly table?: string;
  readonly force?: boolean;
}

export function addNewCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('new')
    .summary('write a job for a source')
    .description('Writes the first draft of a job.')
    .addHelpText('after', examples('vocab-sync new job prices --from prices.csv'));
  command
    .command('job')
    .summary('inspect a source and write a job that reads it')
    .description(
      'Reads the source, detects its packing, its format and the place of its records, and writes a job: the readers, a first mapping of the fields, and guards based on the counts. The mapping is a guess. Correct it.',
    )
    .argument('<id>', 'the id of the job, and the name of its file')
    .requiredOption('--from <source>', 'a file, or an http(s) or sftp address')
    .option('--out <file>', 'where to write it; default: jobs/ID.json')
    .option('--title <text>', 'the title of the job')
    .option('--table <name>', 'the table that it publishes into; default: the id')
    .option('--force', 'replace a file that exists')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync new job prices --from prices.csv',
        'vocab-sync new job institutions --from https://api.openalex.org/institutions',
      ),
    )
    .action(async (id: string, options: NewJobOptions) => {
      const out = resolve(context.cwd, options.out ?? join('jobs', `${id}.json`));
      const catalog = await loadCatalog(context.settings(), context.cwd);
      const drafted = await draftJob(context, catalog, { id, ...options });
      await write(out, drafted, options.force === true);
      const file = relative(context.cwd, out);
      await (options.json === true
        ? writeJson(context, { file, job: drafted.job, records: drafted.records, notes: drafted.notes })
        : context.terminal.write(fitText(render(file, drafted, context), context.terminal.page)));
      context.end(EXIT.success);
    });
}

async function write(path: string, { text }: DraftedJob, force: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    throw new ConfigError('E_USAGE', `${path} exists. Give another --out, or --force to replace it.`, { cause });
  }
}

function render(
  file: string,
  { readers, records, isCut, broken, fields, notes }: DraftedJob,
  context: CommandContext,
): string {
  const { page } = context.terminal;
  const width = Math.max(...fields.map(([target]) => target.length));
  const cut = isCut ? 'the first ' : '';
  const left = broken === 0 ? '' : `, ${countOf(broken, 'broken one')} left out`;
  return [
    `Wrote ${file}: ${cut}${countOf(records, 'record')} of ${readers.join(' > ')}${left}.`,
    ...fields.map(([target, source]) => `  ${target.padEnd(width)}  from ${source}`),
    ...notes.map((note) => `note: ${note}`),
    '',
    `${hint(page, `vocab-sync preview ${file} --limit 3`)}  shows what it makes of the first records`,
    `${hint(page, `vocab-sync run ${file}`)}  publishes them`,
  ]
    .map((line) => `${printable(line)}\n`)
    .join('');
}
