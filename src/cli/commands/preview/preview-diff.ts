/**
 * `preview --diff`: what the records of a task would change in the published records, without a worker and without
 * storing anything.
 */
import type { Catalog } from '../../../component/catalog.ts';
import { coverageOf } from '../../../component/reader.ts';
import { parseChain } from '../../../job/effective/parse-chain.ts';
import type { Job } from '../../../job/schema/job.ts';
import { openTargets } from '../../../pipeline/open-task.ts';
import { withPreviewStage, type PreviewedChanges } from '../../../pipeline/compare/preview-changes.ts';
import { toPart } from '../../../pipeline/stage/transform-batch.ts';
import type { TargetCounts } from '../../../records/counts.ts';
import { writeJson, type CommandContext } from '../../command-context.ts';
import { formatNumber } from '../../render/format-number.ts';
import { printable } from '../../render/printable.ts';
import { renderChanges, toChangeLine } from '../../render/render-changes.ts';
import { composeSecrets } from '../../servers/compose-services.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { terminalLogger } from '../../terminal-logger.ts';
import { createPreviewOutput, type PreviewCounts } from './preview-output.ts';
import { findTask, readTask, type ReadTaskOptions } from './preview-task.ts';

export interface PreviewDiffOptions extends Pick<ReadTaskOptions, 'since' | 'limit' | 'task'> {
  /** How many changes are shown. */
  readonly changes: number;
  readonly json: boolean;
}

/** Throws what readers throw when the source itself is unusable, and what a database throws. */
export async function previewDiff(
  context: CommandContext,
  catalog: Catalog,
  job: Job,
  { changes: most, json, ...options }: PreviewDiffOptions,
): Promise<PreviewCounts> {
  const { terminal } = context;
  const settings = context.settings();
  const task = findTask(job, options.task);
  const secrets = composeSecrets(settings.variable, terminalLogger(terminal, settings.logLevel === 'debug'));
  const chain = await parseChain(task, catalog, secrets);
  const layer = chain.writers[0]?.layer;
  const isFullSource = [chain.source, ...chain.links].every(({ reader, args }) => coverageOf(reader, args) === 'full');
  const isWhole = isFullSource && options.limit === undefined && options.since === undefined;
  // Entries are counted and not shown: what counts is what they change.
  const output = createPreviewOutput({ ...terminal, write: () => Promise.resolve() }, 'jsonl');
  return withLedger(context, async ({ pool }) => {
    const targets = await openTargets(pool, { job_id: job.id }, chain.writers);
    return withPreviewStage(pool, { job: job.id, task: task.name, targets }, async (stage) => {
      await readTask(context, catalog, job, options, {
        warn: output.warn,
        async take(entry) {
          await output.take(entry);
          const { result } = entry;
          await stage.add(result.kind === 'staged' ? { ...result, document: toPart(result.document, layer) } : result);
        },
      });
      const found = await stage.compare({ isWhole, most });
      const counts = await output.end();
      if (json) {
        const changes = found.changes.map(toChangeLine);
        const { targets: shown, duplicates } = found;
        const absenceCompared = isWhole && found.withoutId === 0;
        await writeJson(context, { counts, duplicates, absenceCompared, targets: shown, changes });
        return counts;
      }
      const lines = Object.entries(found.targets).map(([name, target]) => `${printable(name)}: ${describe(target)}\n`);
      await terminal.write(lines.join('') + renderChanges(found.changes, 'table', terminal.page));
      if (found.changes.length === most) terminal.say(`The first ${formatNumber(most)} changes; --changes shows more.`);
      for (const note of notesOf(found, isWhole)) terminal.say(note);
      return counts;
    });
  });
}

/** What the counts do not explain. */
function notesOf({ targets, duplicates, withoutId }: PreviewedChanges, isWhole: boolean): readonly string[] {
  const notes: string[] = [];
  if (duplicates > 0) notes.push(`${counted(duplicates, 'record')} with the id of a later one: the last one counts.`);
  for (const [name, { rejected }] of Object.entries(targets)) {
    if (rejected === 0) continue;
    const records = counted(rejected, 'record');
    notes.push(`Refused by ${printable(name)}: ${records} with the id of a record that another job publishes there.`);
  }
  if (!isWhole) notes.push('Missing records were not detected, because the source was not read as a whole.');
  else if (withoutId > 0) {
    const rejected = counted(withoutId, 'rejected record');
    notes.push(
      `Missing records were not detected, because of ${rejected} without an id: any record may be one of them.`,
    );
  }
  return notes;
}

function counted(count: number, what: string): string {
  return `${formatNumber(count)} ${what}${count === 1 ? '' : 's'}`;
}

function describe(found: TargetCounts): string {
  const { inserted, updated, unchanged, withdrawn, restored, rejected, adopted = 0, kept = 0 } = found;
  const counts = { inserted, updated, withdrawn, restored, adopted, kept, refused: rejected, unchanged };
  const shown = Object.entries(counts).filter(([name, count]) => count > 0 || name === 'unchanged');
  return shown.map(([name, count]) => `${formatNumber(count)} ${name}`).join(', ');
}
