/** `components [TYPE]`: what a job can be made of, and the jobs that are there. */
import type { Command } from 'commander';
import type { Catalog } from '../../component/catalog.ts';
import { ConfigError } from '../../errors.ts';
import { jobDirectories, listJobs } from '../../job/load-job.ts';
import { didYouMean, suggest } from '../../job/check/suggest.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { describeComponent, listComponents, type ComponentFacts } from './components/component-facts.ts';
import { EXIT } from '../exit-code.ts';
import { renderComponent } from './components/render-component.ts';
import { renderTable } from '../render/render-table.ts';

interface ComponentsOptions extends JsonOption {
  readonly jobs?: boolean;
}

export function addComponentsCommand(program: Command, context: CommandContext): void {
  program
    .command('components')
    .summary('readers, transformers and writers, or one of them with its arguments')
    .argument('[type]', 'the type of a component, as it stands in a job file')
    .option('--jobs', 'list the jobs instead')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync components', 'vocab-sync components zip', 'vocab-sync components --jobs'),
    )
    .action(async (type: string | undefined, options: ComponentsOptions) => {
      if (options.jobs === true) await printJobs(context, options);
      else await printComponents(context, type, options);
      context.end(EXIT.success);
    });
}

async function printJobs(context: CommandContext, { json }: JsonOption): Promise<void> {
  const jobs = await listJobs(jobDirectories(context.cwd));
  if (json === true) return writeJson(context, { jobs });
  const rows = jobs.map(({ name, path }) => [name, path]);
  return context.terminal.write(
    renderTable([{ title: 'job' }, { title: 'file', wraps: true }], rows, '', context.terminal.page),
  );
}

async function printComponents(context: CommandContext, type: string | undefined, { json }: JsonOption): Promise<void> {
  const catalog = await loadCatalog(context.settings().plugins, context.cwd);
  if (type === undefined) {
    const components = listComponents(catalog);
    if (json === true) return writeJson(context, { components });
    const rows = components.map(({ kind, type: name, summary }) => [kind, name, summary]);
    return context.terminal.write(
      renderTable(
        [{ title: 'kind' }, { title: 'type' }, { title: 'what it does', wraps: true }],
        rows,
        '',
        context.terminal.page,
      ),
    );
  }
  const found = requireComponents(catalog, type);
  if (json === true) return writeJson(context, { components: found });
  return context.terminal.write(found.map((component) => renderComponent(component, context.terminal.page)).join('\n'));
}

/** `file` is a reader and a writer. */
function requireComponents(catalog: Catalog, type: string): readonly ComponentFacts[] {
  const found = describeComponent(catalog, type);
  if (found.length > 0) return found;
  const names = listComponents(catalog).map((component) => component.type);
  const nearest = suggest(type, names);
  const hint = nearest === undefined ? `. There are: ${[...new Set(names)].join(', ')}.` : didYouMean(nearest);
  throw new ConfigError('E_JOB_INVALID', `No component is called "${type}"${hint}`, { details: { type } });
}
