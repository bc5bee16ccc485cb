/** The first changes of each kind in a plan, as lines of text for the details of the run in the Web UI. */
import { clip } from '../../clip.ts';
import { redactClipped } from '../../logging/redact.ts';
import type { PoolClient } from '../../postgres/pool.ts';
import { readAffected } from '../../postgres/publish/affected-records.ts';
import { joinAnyRows } from '../../postgres/publish/change-set.ts';
import { firstPlanned, type PlannedRow } from '../../postgres/publish/first-planned.ts';
import { mergedNames } from '../../postgres/publish/plan-merged.ts';
import type { TargetCounts } from '../../records/counts.ts';
import type { DriftField } from '../../records/drift.ts';
import { compareFields, type FieldChange } from '../../records/field-changes.ts';
import { describeAffected } from '../../records/impact.ts';
import type { ChangeSamples } from '../../records/run.ts';
import { publishedTarget, type OpenTask } from '../open-task.ts';
import type { EndedRecords } from '../run-steps.ts';

const RECORDS_OF_A_KIND = 5;
const FIELDS_OF_A_RECORD = 2;
const LONGEST_VALUE = 40;
const LONGEST_LINE = 120;
const LONGEST_ENDED = 200;

/** A withdrawal from a file removes the record, so both count as `withdrawn`. */
const COUNTED_AS = {
  update: 'updated',
  withdraw: 'withdrawn',
  remove: 'withdrawn',
  restore: 'restored',
  insert: 'inserted',
  overwrite: 'overwritten',
  keep: 'kept',
} as const satisfies Record<ChangeSamples['op'], keyof TargetCounts>;

export async function sampleChanges(
  client: PoolClient,
  task: OpenTask,
  targets: Readonly<Record<string, TargetCounts>>,
): Promise<readonly ChangeSamples[]> {
  const samples: ChangeSamples[] = [];
  for (const [ordinal, opened] of task.targets.entries()) {
    const target = publishedTarget(opened);
    const names = opened.merged === undefined ? task.names : mergedNames(task.names, ordinal);
    for (const op of ['overwrite', 'keep', 'update', 'withdraw', 'remove', 'restore', 'insert'] as const) {
      // A kind that does not occur is not looked for: the plan may have millions of rows and has no index.
      if ((targets[target.name]?.[COUNTED_AS[op]] ?? 0) === 0) continue;
      const wanted = { target, ordinal, op, limit: RECORDS_OF_A_KIND, run: task.run.id, task: task.row.name };
      const rows = await firstPlanned(client, names, wanted);
      if (rows.length > 0) samples.push({ target: target.name, op, records: rows.map(toLine) });
    }
  }
  return samples;
}

/** What the source says is no longer in use, of the first target that holds any of it. */
export async function sampleEnded(
  client: PoolClient,
  task: OpenTask,
  targets: Readonly<Record<string, TargetCounts>>,
): Promise<EndedRecords | undefined> {
  await joinAnyRows(client);
  for (const [ordinal, opened] of task.targets.entries()) {
    const target = publishedTarget(opened);
    const { updated = 0, withdrawn = 0 } = targets[target.name] ?? {};
    if (updated + withdrawn === 0) continue;
    const noted = { limit: RECORDS_OF_A_KIND, noted: true };
    const { total, records } = await readAffected(client, task.row, { target, ordinal }, noted);
    if (total === 0) continue;
    const lines = records.map(({ id, name, ...record }) => {
      const shown = name === null ? id : `${name} (${id})`;
      return redactClipped(`${shown}: ${describeAffected({ id, name, ...record })}`, LONGEST_ENDED);
    });
    return { total, lines };
  }
  return undefined;
}

function toLine({ id, before, after, differing }: PlannedRow): string {
  const changes = differing?.map(toHeldChange) ?? changesOf(before, after);
  const fields = changes.slice(0, FIELDS_OF_A_RECORD);
  const more = changes.length > fields.length ? [`and ${String(changes.length - fields.length)} more`] : [];
  return redactClipped([id, ...fields, ...more].join(' '), LONGEST_LINE);
}

function changesOf(before: unknown, after: unknown): readonly string[] {
  return before === null || after === null ? [] : compareFields(before, after).map(toChange);
}

function toHeldChange({ pointer, held, published }: DriftField): string {
  return `${pointer}: ${clip(held ?? 'nothing', LONGEST_VALUE)} → ${clip(published ?? 'nothing', LONGEST_VALUE)}`;
}

function toChange({ pointer, before, after }: FieldChange): string {
  return `${pointer}: ${toText(before)} → ${toText(after)}`;
}

function toText(value: unknown): string {
  return value === undefined ? 'nothing' : redactClipped(JSON.stringify(value), LONGEST_VALUE);
}
