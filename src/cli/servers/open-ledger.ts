/** Opens only the database, for commands that read the ledger. Works without Temporal. */
import { acquireServers } from '../../embedded/dev-home.ts';
import { findRunningServers } from '../../embedded/running-servers.ts';
import { applyMigrations } from '../../postgres/migrate.ts';
import { openPool, type Pool } from '../../postgres/pool.ts';
import type { Settings } from '../../settings.ts';
import { webUiLink } from '../../temporal/web-ui.ts';
import type { CommandContext } from '../command-context.ts';
import { noteServiceFile, requireConfigured } from './require-configured.ts';
import { terminalLogger } from '../terminal-logger.ts';

export interface Ledger {
  readonly pool: Pool;
  /** The page of a run in the Web UI of the settings or of this home; null where none is known. */
  readonly webUi: (workflowId: string, run: string) => string | null;
  close(): Promise<void>;
}

export async function withLedger<T>(context: CommandContext, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger(context);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

async function openLedger({ settings, terminal }: CommandContext): Promise<Ledger> {
  const { logLevel } = settings();
  requireConfigured(settings(), { temporal: false });
  noteServiceFile(settings(), terminal);
  const servers = await acquireServers({
    settings: settings(),
    need: { database: true, temporal: false },
    role: 'command',
    searchAttributes: {},
    logger: terminalLogger(terminal, logLevel === 'debug'),
    say: (line) => {
      terminal.say(line);
    },
  });
  if (servers.databaseUrl === undefined) throw new Error('no database was acquired');
  const pool = openPool({ url: servers.databaseUrl, applicationName: 'vocab-sync command', max: 3 });
  const close = async (): Promise<void> => {
    await pool.end();
    await servers.release();
  };
  try {
    await applyMigrations(pool);
  } catch (error) {
    await close();
    throw error;
  }
  return { pool, webUi: webUiOf(settings()), close };
}

function webUiOf({ home, temporal, webUi, namespace }: Settings): Ledger['webUi'] {
  const configured = webUi === undefined ? undefined : { url: webUi, namespace };
  const running = temporal === undefined ? embeddedWebUi(home) : configured;
  return (workflowId, run) =>
    running === undefined ? null : webUiLink(running.url, running.namespace, workflowId, run);
}

function embeddedWebUi(home: string): { readonly url: string; readonly namespace: string } | undefined {
  const { temporal } = findRunningServers(home);
  return temporal === undefined ? undefined : { url: temporal.uiUrl, namespace: temporal.namespace };
}
