/** `types [TYPE]`: the types of jobs, and the arguments of each. */
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { didYouMean, suggest } from '../../job/check/suggest.ts';
import { readCommandIndex } from '../start/command-index.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { listJobTypes, type JobType, type ListedTypes } from './job-types/list-job-types.ts';
import { fitText, type Page } from '../render/page.ts';
import { renderTable } from '../render/render-table.ts';

export function addTypesCommand(program: Command, context: CommandContext): void {
  program
    .command('types')
    .summary('list the types of job and their arguments')
    .description(
      'Lists your job files and those that are shipped. With --json, each has its arguments as JSON Schema (draft 7), for example to build a form. Values stored with a job are the defaults.',
    )
    .argument('[type]', 'the id of a job')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync types', 'vocab-sync types ror-affiliations --json'))
    .action(async (type: string | undefined, { json }: JsonOption) => {
      const listed = await listTypes(context);
      for (const file of listed.broken)
        context.terminal.say(`left out: ${file} has problems; vocab-sync check ${file}`);
      const types = type === undefined ? listed.types : [requireType(listed, type)];
      if (json === true) await writeJson(context, { types });
      else
        await context.terminal.write(
          type === undefined
            ? renderTypes(types, context.terminal.page)
            : types.map((one) => renderType(one, context.terminal.page)).join('\n'),
        );
      context.end(EXIT.success);
    });
}

function listTypes({ cwd, settings }: CommandContext): Promise<ListedTypes> {
  return listJobTypes({
    cwd,
    known: readCommandIndex()?.jobTypes ?? {},
    // The components, which take most of a start, are loaded for jobs of the operator alone.
    describe: async (text, path) => {
      const [{ loadCatalog }, { describeJob }] = await Promise.all([
        import('../catalog.ts'),
        import('./job-types/describe-job.ts'),
      ]);
      return describeJob(text, path, await loadCatalog(settings(), cwd));
    },
  });
}

function requireType({ types }: ListedTypes, name: string): JobType {
  const found = types.find(({ type }) => type === name);
  if (found !== undefined) return found;
  const names = types.map(({ type }) => type);
  const nearest = suggest(name, names);
  const hint = nearest === undefined ? `. There are: ${names.join(', ') || 'none'}.` : didYouMean(nearest);
  throw new ConfigError('E_JOB_NOT_FOUND', `No kind of job is called "${name}"${hint}`, { details: { name } });
}

function renderTypes(types: readonly JobType[], page: Page): string {
  const rows = types.map((one) => [one.type, one.title, Object.keys(propertiesOf(one)).join(', ') || 'none']);
  return renderTable(
    [{ title: 'type' }, { title: 'title', wraps: true }, { title: 'arguments', wraps: true }],
    rows,
    '',
    page,
  );
}

function renderType(one: JobType, page: Page): string {
  const head = `${one.type}: ${one.title}\n${one.description === null ? '' : `${one.description}\n`}`;
  const required = getOwn(one.arguments, 'required');
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name);
  const rows = Object.entries(propertiesOf(one)).map(([name, schema]) => [
    name,
    textOf(schema, 'type') || textOf(schema, 'enum'),
    isRequired(name) ? 'required' : textOf(schema, 'default'),
    isJsonObject(schema) && typeof schema['description'] === 'string' ? schema['description'] : '',
  ]);
  if (rows.length === 0) return `${head}It takes no arguments.\n`;
  const columns = [
    { title: 'argument' },
    { title: 'type', wraps: true },
    { title: 'default', wraps: true },
    { title: 'what it is', wraps: true },
  ];
  return fitText(`${head}\n${renderTable(columns, rows, '', page)}`, page);
}

function propertiesOf(one: JobType): JsonObject {
  const properties = getOwn(one.arguments, 'properties');
  return isJsonObject(properties) ? properties : {};
}

function textOf(schema: unknown, key: string): string {
  const value = isJsonObject(schema) ? getOwn(schema, key) : undefined;
  if (value === undefined) return '';
  return typeof value === 'string' && key === 'type' ? value : JSON.stringify(value);
}
