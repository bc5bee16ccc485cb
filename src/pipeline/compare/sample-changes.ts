/** The first changes of each kind in a plan, as lines of text for the details of the run in the Web UI. */
import { redactClipped } from '../../logging/redact.ts';
import type { PoolClient } from '../../postgres/pool.ts';
import { firstPlanned, type PlannedRow } from '../../postgres/publish/first-planned.ts';
import type { TargetCounts } from '../../records/counts.ts';
import { compareFields, type FieldChange } from '../../records/field-changes.ts';
import type { ChangeSamples } from '../../records/run.ts';
import type { OpenTask } from '../open-task.ts';

const RECORDS_OF_A_KIND = 5;
const FIELDS_OF_A_RECORD = 2;
const LONGEST_VALUE = 40;
const LONGEST_LINE = 120;

/** A withdrawal from a file removes the record, so both count as `withdrawn`. */
const COUNTED_AS = {
  update: 'updated',
  withdraw: 'withdrawn',
  remove: 'withdrawn',
  restore: 'restored',
  insert: 'inserted',
} as const satisfies Record<ChangeSamples['op'], keyof TargetCounts>;

export async function sampleChanges(
  client: PoolClient,
  task: OpenTask,
  targets: Readonly<Record<string, TargetCounts>>,
): Promise<readonly ChangeSamples[]> {
  const samples: ChangeSamples[] = [];
  for (const [ordinal, { target }] of task.targets.entries()) {
    for (const op of ['update', 'withdraw', 'remove', 'restore', 'insert'] as const) {
      // A kind that does not occur is not looked for: the plan may have millions of rows and has no index.
      if ((targets[target.name]?.[COUNTED_AS[op]] ?? 0) === 0) continue;
      const rows = await firstPlanned(client, task.names, { target, ordinal, op, limit: RECORDS_OF_A_KIND });
      if (rows.length > 0) samples.push({ target: target.name, op, records: rows.map(toLine) });
    }
  }
  return samples;
}

function toLine({ id, before, after }: PlannedRow): string {
  const changes = before === null || after === null ? [] : compareFields(before, after);
  const fields = changes.slice(0, FIELDS_OF_A_RECORD).map(toChange);
  const more = changes.length > fields.length ? [`and ${String(changes.length - fields.length)} more`] : [];
  return redactClipped([id, ...fields, ...more].join(' '), LONGEST_LINE);
}

function toChange({ pointer, before, after }: FieldChange): string {
  return `${pointer}: ${toText(before)} → ${toText(after)}`;
}

function toText(value: unknown): string {
  return value === undefined ? 'nothing' : redactClipped(JSON.stringify(value), LONGEST_VALUE);
}
