/** What `--wait` does: another run holds the job, and this one begins when it has ended. */
import { setTimeout as delay } from 'node:timers/promises';
import { findHolder, type RunRow } from '../../postgres/ledger/run-rows.ts';
import { workflowStatus } from '../../temporal/run-status.ts';
import type { CommandContext } from '../command-context.ts';
import { formatTime } from '../render/format-number.ts';
import type { Servers } from '../servers/open-servers.ts';
import { shortId } from '../render/short-id.ts';

const POLL_MILLISECONDS = 500;

/** False when the operator left; then nothing was started. */
export async function waitUntilFree(
  { terminal }: CommandContext,
  { pool, temporal }: Servers,
  job: string,
): Promise<boolean> {
  const leave = new AbortController();
  let told = '';
  const quiet = terminal.onInterrupt(() => {
    leave.abort();
  });
  try {
    for (;;) {
      const holder = await findHolder(pool, job);
      if (leave.signal.aborted) {
        terminal.say('Leaving; nothing was started.');
        return false;
      }
      if (holder === undefined) return true;
      // One whose workflow is closed is taken over by the next run, which need not wait.
      const status = await workflowStatus(temporal.client, { workflowId: holder.workflow_id, runId: holder.id });
      if (status !== 'running') return true;
      const line = describe(holder);
      if (line !== told) terminal.say(line);
      told = line;
      await delay(POLL_MILLISECONDS);
    }
  } finally {
    quiet();
  }
}

function describe({ id, job_id, phase, started_by, trigger, waiting_until: until }: RunRow): string {
  const by = trigger === 'schedule' ? 'its schedule' : (started_by ?? 'unknown');
  const head = `Waiting for run ${id} of ${job_id}, started by ${by}`;
  if (until === null || phase !== 'waiting') return head;
  return `${head}; it waits for approval until ${formatTime(until.toISOString())}: vocab-sync approve ${shortId(id)}, or discard`;
}
