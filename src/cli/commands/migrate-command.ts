/** `migrate`: brings the database up to this program. */
import type { Command } from 'commander';
import { acquireServers } from '../../embedded/dev-home.ts';
import { migrate } from '../../postgres/migrate.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { requireConfigured } from '../servers/require-configured.ts';
import { terminalLogger } from '../terminal-logger.ts';

export function addMigrateCommand(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .summary('bring the database up to this version')
    .description(
      'Applies the migrations that are missing. Workers and commands do the same when they start; this is for deployments that want it as a step of its own.',
    )
    .option(...JSON_OPTION)
    .addHelpText('after', examples('DATABASE_URL=postgresql://vocab@db/vocab vocab-sync migrate'))
    .action(async ({ json }: JsonOption) => {
      const applied = await migrateDatabase(context);
      const text =
        applied.length === 0 ? 'Nothing to do: the database is up to date.' : `Applied ${applied.join(', ')}.`;
      await (json === true ? writeJson(context, { applied }) : context.terminal.write(`${text}\n`));
      context.end(EXIT.success);
    });
}

async function migrateDatabase({ settings, terminal }: CommandContext): Promise<readonly string[]> {
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
    return await migrate(servers.databaseUrl);
  } finally {
    await servers.release();
  }
}
