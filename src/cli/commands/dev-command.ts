/** `dev`: PostgreSQL, Temporal with its Web UI and a worker in one terminal, until Ctrl-C. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { createLogger } from '../../logging/create-logger.ts';
import { redact } from '../../logging/redact.ts';
import type { Settings } from '../../settings.ts';
import { shownUrl } from '../../settings/server-url.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { jobQueues, storedQueues } from '../servers/job-queues.ts';
import { withServers, type Servers } from '../servers/open-servers.ts';
import { hint, type Page } from '../render/page.ts';
import { renderFields } from '../render/render-table.ts';
import { untilInterrupted } from '../until-interrupted.ts';

interface DevOptions extends JsonOption {
  readonly queue?: readonly string[];
}

export function addDevCommand(program: Command, context: CommandContext): void {
  program
    .command('dev')
    .summary('PostgreSQL, Temporal, its Web UI and a worker in one terminal')
    .description(
      'Starts the servers that are not configured: PostgreSQL without DATABASE_URL, a Temporal dev server without TEMPORAL_ADDRESS. ' +
        'Data is kept in VOCAB_SYNC_HOME (.vocab-sync). Other commands in this directory find it by themselves.',
    )
    .option('--queue <name...>', 'the task queues to poll (default: those of all jobs)')
    .addHelpText('after', examples('vocab-sync dev', 'vocab-sync run ror-affiliations   # in another terminal'))
    .option(...JSON_OPTION)
    .action(async (options: DevOptions) => {
      const { logLevel, logFormat } = context.settings();
      const logger = createLogger({ level: logLevel, format: logFormat, destination: 'stderr' });
      await withServers(context, (servers) => serve(context, servers, options), { role: 'dev', creates: true, logger });
      context.end(EXIT.success);
    });
}

async function serve(context: CommandContext, servers: Servers, { queue, json }: DevOptions): Promise<void> {
  const { settings, terminal } = context;
  const queues = queue ?? [
    ...new Set([...(await jobQueues(servers.catalog, context.cwd)), ...(await storedQueues(servers.pool))]),
  ];
  const workers = await servers.work(queues);
  await (json === true
    ? writeJson(context, {
        database: redact(shownUrl(servers.databaseUrl)),
        temporal: servers.temporalAddress,
        namespace: servers.temporal.namespace,
        web_ui: servers.webUi ?? null,
        queues,
        home: settings().home,
      })
    : terminal.write(`${describe(settings(), servers, queues, terminal.page)}${hint(terminal.page, HINT)}`));
  if (process.getuid?.() === 0)
    terminal.say(
      'warning: dev runs as root, so every job can read and write every file of this machine. Start it as an ordinary user.',
    );
  await untilInterrupted(terminal, workers.ended);
  terminal.say('Stopping: the worker first, then the servers.');
}

const HINT = `Ready. In another terminal, in this directory:
  vocab-sync run ror-affiliations
Ctrl-C stops everything; data is kept.
`;

function describe({ home, databaseUrl }: Settings, servers: Servers, queues: readonly string[], page: Page): string {
  const password = databaseUrl === undefined ? `, password in ${join(home, 'postgres', 'password')}` : '';
  return renderFields(
    [
      ['database', `${redact(shownUrl(servers.databaseUrl))}${password}`],
      ['Temporal', `${servers.temporalAddress}, namespace ${servers.temporal.namespace}`],
      ['Web UI', servers.webUi ?? 'that of your Temporal server'],
      ['queues', queues.join(', ')],
      ['home', home],
    ],
    '',
    page,
  );
}
