/** `migrate`: brings the database up to this program. */
import type { Command } from 'commander';
import { acquireServers } from '../../embedded/dev-home.ts';
import { readInstallation, renewInstallation } from '../../postgres/ledger/installation.ts';
import { openPool } from '../../postgres/pool.ts';
import { migrate } from '../../postgres/migrate.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { requireConfigured } from '../servers/require-configured.ts';
import { terminalLogger } from '../terminal-logger.ts';

interface MigrateOptions extends JsonOption {
  readonly newInstallation?: boolean;
}

export function addMigrateCommand(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .summary('bring the database up to this version')
    .description(
      'Applies the migrations that are missing. Workers and commands do the same when they start; this is for deployments that want it as a step of its own.',
    )
    .option(
      '--new-installation',
      'give this database an identity of its own, after it was copied from one that stays in use',
    )
    .option(...JSON_OPTION)
    .addHelpText('after', examples('DATABASE_URL=postgresql://vocab@db/vocab vocab-sync migrate'))
    .action(async ({ json, newInstallation = false }: MigrateOptions) => {
      const { applied, installation } = await migrateDatabase(context, newInstallation);
      const text =
        applied.length === 0 ? 'Nothing to do: the database is up to date.' : `Applied ${applied.join(', ')}.`;
      const identity = newInstallation ? `\nThe database is the installation ${installation} from now on.` : '';
      await (json === true
        ? writeJson(context, { applied, installation })
        : context.terminal.write(`${text}${identity}\n`));
      context.end(EXIT.success);
    });
}

async function migrateDatabase(
  { settings, terminal }: CommandContext,
  renew: boolean,
): Promise<{ readonly applied: readonly string[]; readonly installation: string }> {
  requireConfigured(settings(), { temporal: false });
  const servers = await acquireServers({
    settings: settings(),
    need: { database: true, temporal: false },
    role: 'command',
    searchAttributes: {},
    logger: terminalLogger(terminal, settings().logLevel === 'debug'),
    say: (line) => {
      terminal.say(line);
    },
  });
  try {
    if (servers.databaseUrl === undefined) throw new Error('no database was acquired');
    const applied = await migrate(servers.databaseUrl);
    const pool = openPool({ url: servers.databaseUrl, max: 1 });
    try {
      return { applied, installation: await (renew ? renewInstallation(pool) : readInstallation(pool)) };
    } finally {
      await pool.end();
    }
  } finally {
    await servers.release();
  }
}
