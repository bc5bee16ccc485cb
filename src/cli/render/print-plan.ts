/** A run that waits for approval: its numbers, what would change field by field, and how to decide. */
import type { Catalog } from '../../component/catalog.ts';
import { listImpacts } from '../../postgres/ledger/impacts.ts';
import { readChanges, type RecordChange } from '../../postgres/ledger/change-history.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { RunReport } from '../../records/run.ts';
import { formatNumber, formatTime } from './format-number.ts';
import { renderChanges } from './render-changes.ts';
import { fitCommand } from './fit-command.ts';
import { hint, paint, type Page } from './page.ts';
import { renderImpacts } from './render-impact.ts';
import { renderReport } from './render-report.ts';
import { runTargets } from '../commands/run/run-targets.ts';
import { shortId } from './short-id.ts';
import type { Terminal } from '../terminal.ts';

/** The number of changes shown for each kind: enough to see a pattern, few enough to read. */
const SAMPLES = 5;
const OPS = ['overwrite', 'keep', 'update', 'withdraw', 'restore', 'insert'] as const;

export async function printPlan(
  terminal: Pick<Terminal, 'write' | 'page'>,
  pool: Pool,
  catalog: Catalog,
  report: RunReport,
): Promise<void> {
  const run = await findRun(pool, report.run);
  if (run === undefined) return;
  await terminal.write(renderReport(report, terminal.page));
  const impacts = await listImpacts(pool, run.id);
  if (impacts.length > 0) await terminal.write(`\n${renderImpacts(impacts, terminal.page)}`);
  const targets = await runTargets(run, catalog);
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

const COUNTED = {
  overwrite: 'overwritten',
  keep: 'kept',
  update: 'updated',
  withdraw: 'withdrawn',
  restore: 'restored',
  insert: 'inserted',
} as const;

function headingOf(op: (typeof OPS)[number], changes: readonly RecordChange[], report: RunReport): string {
  const total = report.tasks
    .flatMap(({ targets }) => targets)
    .reduce((sum, target) => sum + (target[COUNTED[op]] ?? 0), 0);
  const shown = total > changes.length ? ` (the first ${formatNumber(changes.length)} of ${formatNumber(total)})` : '';
  const whose = op === 'overwrite' || op === 'keep' ? ', created or edited by someone else in the target' : '';
  return `Would be ${COUNTED[op]}${whose}${shown}:`;
}
