/** `components [TYPE]`: the readers, transformers and writers for jobs, and the jobs in this installation. */
import type { Command } from 'commander';
import type { Catalog } from '../../component/catalog.ts';
import { ConfigError } from '../../errors.ts';
import { jobDirectories, listJobs } from '../../job/job-files.ts';
import { didYouMean, suggest } from '../../job/check/suggest.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { readCommandIndex } from '../start/command-index.ts';
import type { ComponentFacts, ComponentSummary } from './components/component-facts.ts';
import { EXIT } from '../exit-code.ts';
import { renderTable } from '../render/render-table.ts';

interface ComponentsOptions extends JsonOption {
  readonly jobs?: boolean;
}

export function addComponentsCommand(program: Command, context: CommandContext): void {
  program
    .command('components')
    .summary('readers, transformers and writers, or one of them with its arguments')
    .argument('[type]', 'the type of a component, as in a job file')
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
  if (type === undefined) {
    const components = await listAll(context);
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
  const found = await requireComponents(await openCatalog(context), type);
  if (json === true) return writeJson(context, { components: found });
  const { renderComponent } = await import('./components/render-component.ts');
  return context.terminal.write(found.map((component) => renderComponent(component, context.terminal.page)).join('\n'));
}

/** Loads no component if there is no plug-in: the index of the build has those that are shipped. */
async function listAll(context: CommandContext): Promise<readonly ComponentSummary[]> {
  const index = context.settings().plugins.length === 0 ? readCommandIndex() : undefined;
  if (index !== undefined) return index.components;
  const { listComponents } = await import('./components/component-facts.ts');
  return listComponents(await openCatalog(context));
}

async function openCatalog(context: CommandContext): Promise<Catalog> {
  const { loadCatalog } = await import('../catalog.ts');
  return loadCatalog(context.settings(), context.cwd);
}

/** `file` is a reader and a writer. */
async function requireComponents(catalog: Catalog, type: string): Promise<readonly ComponentFacts[]> {
  const { describeComponent } = await import('./components/component-facts.ts');
  const found = await describeComponent(catalog, type);
  if (found.length > 0) return found;
  const names = [...catalog.readers.types, ...catalog.transformers.types, ...catalog.writers.types];
  const nearest = suggest(type, names);
  const hint = nearest === undefined ? `. There are: ${[...new Set(names)].join(', ')}.` : didYouMean(nearest);
  throw new ConfigError('E_JOB_INVALID', `No component is called "${type}"${hint}`, { details: { type } });
}
