/** `schema`: the JSON Schema of a job file, with the components of plug-ins, for editors. */
import type { Command } from 'commander';
import { toJobJsonSchema } from '../../job/schema/job-json-schema.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, writeJson, type CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';

export function addSchemaCommand(program: Command, context: CommandContext): void {
  program
    .command('schema')
    .summary('print the JSON Schema of a job file, plug-ins included')
    .description(
      'Prints a JSON Schema (draft 7) with which editors complete and check job files in JSON or YAML. It has the arguments of every component, including those of plug-ins.',
    )
    .addHelpText('after', examples('vocab-sync schema > job.schema.json'))
    .action(async () => {
      const catalog = await loadCatalog(context.settings(), context.cwd);
      await writeJson(context, await toJobJsonSchema(catalog));
      context.end(EXIT.success);
    });
}
