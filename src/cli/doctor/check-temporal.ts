/** Checks Temporal: reachable, the namespace, the search attributes, who polls. Does not start the dev server. */
import { messageOf, remedyOf, VocabSyncError } from '../../errors.ts';
import { findTemporalCli } from '../../embedded/temporal-cli.ts';
import type { Settings } from '../../settings.ts';
import { connectTemporal, type TemporalClient } from '../../temporal/client.ts';
import { lookAtQueue } from '../../temporal/run-status.ts';
import { INACTIVE_NOTE, listSchedules } from '../../temporal/schedule-state.ts';
import { preflightSearchAttributes } from '../../temporal/search-attributes.ts';
import { printable } from '../render/printable.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

/** `installation` is undefined where the database cannot say it. */
export async function checkTemporal(
  settings: Settings,
  queues: readonly string[],
  installation: string | undefined,
): Promise<readonly DoctorFinding[]> {
  if (settings.temporal === undefined) return [await lookAtCli(settings)];
  let temporal: TemporalClient | undefined;
  try {
    temporal = await connectTemporal(settings.temporal);
    const address = settings.temporal.connectionOptions.address ?? '';
    const found = [
      ok('Temporal', `reachable at ${address}, namespace ${temporal.namespace}`),
      await lookAtSearchAttributes(temporal, address),
      lookAtWebUi(settings),
    ];
    for (const queue of queues) found.push(await lookAtQueueOf(temporal, queue, installation));
    found.push(...(await lookAtSchedules(temporal, installation)));
    return found;
  } catch (error) {
    return [
      fail(
        'Temporal',
        messageOf(error),
        error instanceof VocabSyncError ? remedyOf(error.code) : 'Check the TEMPORAL_ settings.',
      ),
    ];
  } finally {
    await temporal?.close();
  }
}

function lookAtWebUi({ webUi }: Settings): DoctorFinding {
  if (webUi !== undefined) return ok('Web UI', webUi);
  return warn(
    'Web UI',
    'not known: reports of runs have no link to it',
    'Let VOCAB_SYNC_WEB_UI say where it is served.',
  );
}

async function lookAtSearchAttributes(
  { connection, namespace }: TemporalClient,
  address: string,
): Promise<DoctorFinding> {
  const check = await preflightSearchAttributes(connection, namespace, address);
  const subject = 'search attributes';
  switch (check.kind) {
    case 'ok':
      return ok(subject, 'registered');
    case 'missing':
      return warn(
        subject,
        `${check.missing.join(', ')} are not registered in namespace ${namespace}: runs work, but cannot be filtered in the Web UI`,
        'Register them.',
        check.command,
      );
    case 'conflict':
      return fail(subject, check.message, 'Use a separate namespace for vocab-sync, or remove the other attribute.');
    case 'unknown':
      return warn(subject, check.message, 'Ask the operator of Temporal whether they are registered.');
  }
}

/** Tasks that wait longer are not taken up: an idle worker needs milliseconds. */
const WAITING_SECONDS = 5;

async function lookAtQueueOf(
  { client }: TemporalClient,
  queue: string,
  installation: string | undefined,
): Promise<DoctorFinding> {
  const { polled, others, waitingSeconds } = await lookAtQueue(client, queue, installation);
  if (others.length > 0) {
    return warn(
      `queue ${queue}`,
      `workers of another installation, with another database, poll it (${others.join(', ')})${polled ? '' : '; none of this one does'}`,
      'Give each installation its own task queue or namespace, or stop the outdated workers.',
    );
  }
  if (polled && waitingSeconds <= WAITING_SECONDS) return ok(`queue ${queue}`, 'a worker polls it');
  if (polled) {
    return warn(
      `queue ${queue}`,
      `a worker polled it within the last minute, but a task has waited ${String(waitingSeconds)} seconds: it is gone or busy`,
      'Start another one.',
      `vocab-sync worker --queue ${queue}`,
    );
  }
  return warn(
    `queue ${queue}`,
    'no worker polls it; a run would wait',
    'Start a worker.',
    `vocab-sync worker --queue ${queue}`,
  );
}

/** A pause for an inactive job is what the operator said; any other may have been forgotten. */
async function lookAtSchedules(
  { client }: TemporalClient,
  installation: string | undefined,
): Promise<readonly DoctorFinding[]> {
  const paused = [...(await listSchedules(client, installation))].filter(
    ([, { paused: is, note }]) => is && note?.startsWith(INACTIVE_NOTE) !== true,
  );
  return paused.map(([job, { note = '' }]) =>
    warn(
      `schedule ${job}`,
      note === '' ? 'it is paused' : `it is paused: "${printable(note, 400)}"`,
      'Resume it when it should run again.',
      `vocab-sync schedule ${job} resume`,
    ),
  );
}

async function lookAtCli({ temporalCliPath, cacheDirectory }: Settings): Promise<DoctorFinding> {
  try {
    const cli = await findTemporalCli({ temporalCliPath, cacheDirectory, install: false, say: () => undefined });
    return ok(
      'Temporal',
      `TEMPORAL_ADDRESS is not set; \`vocab-sync dev\` would start Temporal ${cli.serverVersion} (${cli.path}, found by ${cli.from})`,
    );
  } catch (error) {
    const text = messageOf(error);
    if (temporalCliPath !== undefined) return fail('Temporal', text, 'Correct TEMPORAL_CLI_PATH or remove it.');
    return warn('Temporal', text, 'Nothing: the first command that needs it tries to download or build it.');
  }
}
