/** `migrate`: brings the database up to this program. */
import type { Command } from 'commander';
import { grantRead } from '../../postgres/grant-read.ts';
import { readInstallation, renewInstallation } from '../../postgres/ledger/installation.ts';
import { openPool } from '../../postgres/pool.ts';
import { migrate } from '../../postgres/migrate.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { withDatabase } from '../servers/with-database.ts';
import { fitText } from '../render/page.ts';
import { parseText } from './options/parse-text.ts';

interface MigrateOptions extends JsonOption {
  readonly newInstallation?: boolean;
  readonly grantRead?: string;
}

export function addMigrateCommand(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .summary('bring the database up to this version')
    .description(
      'Applies the migrations that are missing. Workers and commands do the same when they start; use it in deployments with a separate migration step.',
    )
    .option('--new-installation', 'give this database a new identity, after it was copied from one that stays in use')
    .option(
      '--grant-read <role>',
      'grant this PostgreSQL role read access to all vocabularies, including those of later runs, and nothing else',
      parseText('role'),
    )
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'DATABASE_URL=postgresql://vocab@db/vocab vocab-sync migrate',
        'vocab-sync migrate --grant-read catalogue',
      ),
    )
    .action(async ({ json, newInstallation = false, grantRead: role }: MigrateOptions) => {
      const { applied, installation } = await migrateDatabase(context, newInstallation, role);
      const text =
        applied.length === 0 ? 'Nothing to do: the database is up to date.' : `Applied ${applied.join(', ')}.`;
      const identity = newInstallation ? `\nThe database is the installation ${installation} from now on.` : '';
      const granted = role === undefined ? '' : `\n${role} may read the vocabularies.`;
      await (json === true
        ? writeJson(context, { applied, installation, ...(role === undefined ? {} : { granted_read: role }) })
        : context.terminal.write(fitText(`${text}${identity}${granted}\n`, context.terminal.page)));
      context.end(EXIT.success);
    });
}

async function migrateDatabase(
  context: CommandContext,
  renew: boolean,
  role: string | undefined,
): Promise<{ readonly applied: readonly string[]; readonly installation: string }> {
  return withDatabase(context, async (url) => {
    const applied = await migrate(url);
    const pool = openPool({ url, max: 1 });
    try {
      if (role !== undefined) await grantRead(pool, role);
      return { applied, installation: await (renew ? renewInstallation(pool) : readInstallation(pool)) };
    } finally {
      await pool.end();
    }
  });
}
