/**
 * Recorded histories of runs. The tests of the workflow keep them where asked, test/workflows/replay.test.ts replays
 * them against today's workflow code. To record them again after a change that is meant to be seen in them:
 *
 *     RECORD_HISTORIES=1 npx vitest run --project server test/workflows
 *
 * Keep the old ones of a released version beside the new ones for as long as runs of it may be under way.
 */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { format } from 'prettier';
import type { RunHandle } from './workflow-bench.ts';

export const HISTORIES = fileURLToPath(new URL('../workflows/histories/', import.meta.url));

export async function keepHistory(name: string, handle: RunHandle): Promise<void> {
  if (process.env['RECORD_HISTORIES'] === undefined) return;
  const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()));
  await writeFile(
    `${HISTORIES}${name}.json`,
    await format(sanitised(JSON.stringify(history)), { parser: 'json', printWidth: 120 }),
  );
}

/** Without the machine: its name, its process ids, the path of the checkout. */
function sanitised(json: string): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return json
    .replaceAll(root, '/checkout/')
    .replaceAll(new RegExp(`\\d+@${hostname().replaceAll('.', '\\.')}`, 'g'), '1@worker')
    .replaceAll(hostname(), 'worker');
}
