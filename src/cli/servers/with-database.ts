/** Opens PostgreSQL for commands that do not need Temporal. */
import { acquireServers } from '../../embedded/dev-home.ts';
import type { CommandContext } from '../command-context.ts';
import { terminalLogger } from '../terminal-logger.ts';
import { requireConfigured } from './require-configured.ts';

/** Calls `work` with the URL of the database, and releases the database after it. Throws E_NOT_CONFIGURED. */
export async function withDatabase<T>(
  { settings, terminal }: CommandContext,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
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
    return await work(servers.databaseUrl);
  } finally {
    await servers.release();
  }
}
