/** Finds out before anything starts that no worker polls. Without this, the run would wait without a message. */
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, UnavailableError } from '../../errors.ts';
import { lookAtQueue } from '../../temporal/run-status.ts';
import type { CommandContext } from '../command-context.ts';
import { withServers, type Servers } from './open-servers.ts';

/** Servers of its own end with the command, so nothing could be left to them. */
export function openServersFor<T>(
  context: CommandContext,
  detach: boolean,
  work: (servers: Servers) => Promise<T>,
): Promise<T> {
  return withServers(context, async (servers) => {
    if (detach && servers.ownsWorker) {
      throw new ConfigError(
        'E_SETTINGS_INVALID',
        'Expected servers and a worker that continue after this command because of --detach, found none. ' +
          'Start `vocab-sync dev` in another terminal, or set DATABASE_URL and TEMPORAL_ADDRESS.',
      );
    }
    return work(servers);
  });
}

/** A worker, a `dev` or a Temporal server that has just been started has a poller within this time. */
const PATIENCE_MILLISECONDS = 8000;

export async function requireWorker(
  { terminal }: CommandContext,
  servers: Servers,
  queue: string,
  detach: boolean,
): Promise<void> {
  if (servers.ownsWorker) {
    await servers.work([queue]);
    return;
  }
  const { client } = servers.temporal;
  // A detached run may wait for its worker, so the command does not.
  const deadline = Date.now() + (servers.isEmbedded || !detach ? PATIENCE_MILLISECONDS : 0);
  let state = await lookAtQueue(client, queue, servers.installation);
  if (!state.polled && Date.now() < deadline) terminal.say(`Waiting for a worker on the task queue ${queue}`);
  while (!state.polled && Date.now() < deadline) {
    await delay(300);
    state = await lookAtQueue(client, queue, servers.installation);
  }
  const others =
    state.others.length === 0 ? '' : ` Workers of another installation poll it (${state.others.join(', ')}).`;
  if (state.polled) {
    if (others !== '')
      terminal.say(
        `warning: the task queue ${queue} is shared.${others} They hand this run back, which takes time. Give each installation a queue or a namespace of its own.`,
      );
    return;
  }
  const message = `No worker polls the task queue "${queue}" of Temporal at ${servers.temporalAddress} (namespace ${servers.temporal.namespace}) for this database.${others}`;
  if (!detach) {
    throw new UnavailableError('E_NO_WORKER', `${message} Expected at least one; nothing was started.`, {
      details: { queue, ...(others === '' ? {} : { others: state.others }) },
    });
  }
  terminal.say(`warning: ${message} The run waits until one does.`);
}
