/** A run that waits for approval: its numbers, what would change field by field, and how to decide. */
import type { Catalog } from '../../component/catalog.ts';
import { readChanges, type RecordChange } from '../../postgres/ledger/change-history.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { RunReport } from '../../records/run.ts';
import { formatNumber, formatTime } from './format-number.ts';
import { renderChanges } from './render-changes.ts';
import { fitCommand } from './fit-command.ts';
import { hint, paint, type Page } from './page.ts';
import { renderReport } from './render-report.ts';
import { runTargets } from '../commands/run/run-targets.ts';
import { shortId } from './short-id.ts';
import type { Terminal } from '../terminal.ts';

/** Of each kind of change: enough to see a pattern, few enough to read. */
const SAMPLES = 5;
const OPS = ['update', 'withdraw', 'restore', 'insert'] as const;

export async function printPlan(
  terminal: Pick<Terminal, 'write' | 'page'>,
  pool: Pool,
  catalog: Catalog,
  report: RunReport,
): Promise<void> {
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
      decisions(terminal.page, shortId(run.id)),
  );
}

function decisions(page: Page, run: string): string {
  return Object.entries({ 'publish it': 'approve', 'drop it': 'discard', 'all changes': 'changes' })
    .map(([what, command]) =>
      fitCommand(hint(page, `vocab-sync ${command} ${run}`), {
        first: `  ${what.padEnd(16)}`,
        others: '    ',
        width: page.width,
      }),
    )
    .map((line) => `${line}\n`)
    .join('');
}

const COUNTED = { update: 'updated', withdraw: 'withdrawn', restore: 'restored', insert: 'inserted' } as const;

function headingOf(op: (typeof OPS)[number], changes: readonly RecordChange[], report: RunReport): string {
  const total = report.tasks.flatMap(({ targets }) => targets).reduce((sum, target) => sum + target[COUNTED[op]], 0);
  const shown = total > changes.length ? ` (the first ${formatNumber(changes.length)} of ${formatNumber(total)})` : '';
  return `Would be ${COUNTED[op]}${shown}:`;
}
