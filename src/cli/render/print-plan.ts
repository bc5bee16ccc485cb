/** A run that waits for approval: its numbers, what would change field by field, and how to decide. */
import type { Catalog } from '../../component/catalog.ts';
import { readChanges, type RecordChange } from '../../postgres/ledger/change-history.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { RunReport } from '../../records/run.ts';
import { formatNumber, formatTime } from './format-number.ts';
import { renderChanges } from './render-changes.ts';
import { hint, paint } from './page.ts';
import { renderReport } from './render-report.ts';
import { runTargets } from '../commands/run/run-targets.ts';
import { shortId } from './short-id.ts';
import type { Terminal } from '../terminal.ts';

/** Of each kind of change: enough to see a pattern, few enough to read. */
const SAMPLES = 5;
const OPS = ['update', 'withdraw', 'restore', 'insert'] as const;

export async function printPlan(terminal: Terminal, pool: Pool, catalog: Catalog, report: RunReport): Promise<void> {
  const run = await findRun(pool, report.run);
  if (run === undefined) return;
  await terminal.write(renderReport(report, terminal.page));
  const targets = runTargets(run, catalog);
  for (const op of OPS) {
    const changes = await readChanges(pool, run.id, { op, limit: SAMPLES }, targets);
    if (changes.length > 0)
      await terminal.write(`\n${headingOf(op, changes, report)}\n${renderChanges(changes, 'table', terminal.page)}`);
  }
  const until = run.waiting_until === null ? '' : ` It waits until ${formatTime(run.waiting_until.toISOString())}.`;
  await terminal.write(
    `\n${paint(terminal.page, 'bold', 'Nothing is published yet.')}${until}\n` +
      hint(
        terminal.page,
        `  publish it      vocab-sync approve ${shortId(run.id)}\n` +
          `  drop it         vocab-sync discard ${shortId(run.id)}\n` +
          `  all changes     vocab-sync changes ${shortId(run.id)}\n`,
      ),
  );
}

const COUNTED = { update: 'updated', withdraw: 'withdrawn', restore: 'restored', insert: 'inserted' } as const;

function headingOf(op: (typeof OPS)[number], changes: readonly RecordChange[], report: RunReport): string {
  const total = report.tasks.flatMap(({ targets }) => targets).reduce((sum, target) => sum + target[COUNTED[op]], 0);
  const shown = total > changes.length ? ` (the first ${formatNumber(changes.length)} of ${formatNumber(total)})` : '';
  return `Would be ${COUNTED[op]}${shown}:`;
}
