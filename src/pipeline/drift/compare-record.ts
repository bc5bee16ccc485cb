/** Classifies one record in a target: equal, missing, changed or foreign. */
import type { Expected } from '../../component/writer.ts';
import { redactClipped } from '../../logging/redact.ts';
import type { Finding } from '../../postgres/ledger/drift.ts';
import type { ExpectedRow } from '../../postgres/publish/expected-rows.ts';
import type { Held } from '../../records/change.ts';
import type { DriftField } from '../../records/drift.ts';
import { compareFields, type FieldChange } from '../../records/field-changes.ts';
import { canonicalJson } from '../../records/json-object.ts';
import type { OpenSink } from '../publish/with-sink.ts';

export type Compare = (expected: Expected, held: Held) => Promise<readonly FieldChange[]>;

/** Compares as the writer does, or field by field if the writer does not compare. */
export function compareBy({ sink, ofWriter }: OpenSink): Compare {
  return async (expected, held) =>
    sink.compare === undefined
      ? compareDocuments(expected, held)
      : ofWriter(async () => sink.compare?.(expected, held) ?? []);
}

function compareDocuments({ document, withdrawn, remote }: Expected, held: Held): readonly FieldChange[] {
  if (withdrawn) return [{ pointer: '', before: 'withdrawn', after: 'there' }];
  if (held.document !== undefined) return compareFields(document, held.document);
  // If a target does not return documents, the revision shows whether another client wrote the record.
  return canonicalJson(remote) === canonicalJson(held.remote)
    ? []
    : [{ pointer: '', before: remote, after: held.remote }];
}

/** Compares what is published with what the target holds. Undefined: no difference, or another job's record. */
export async function comparePublished(
  compare: Compare,
  id: string,
  row: ExpectedRow | undefined,
  held: Held | undefined,
): Promise<Finding | undefined> {
  const isLive = held?.state === 'live';
  if (row === undefined) return isLive ? { id, kind: 'foreign', ...heldOf(held) } : undefined;
  if (!row.isOwn || row.record === null || (row.isWithdrawn && !isLive)) return undefined;
  if (!isLive) return { id, kind: 'missing' };
  const fields = await compare(expectedOf(row, row.record), held);
  return fields.length === 0 ? undefined : { id, kind: 'changed', details: toDetails(fields), ...heldOf(held) };
}

/**
 * Compares what a run would publish with what the target holds, before anything is sent. Undefined: the plan is right as
 * it is, because the target holds nothing, or exactly what was published there last.
 */
export async function compareStaged(
  compare: Compare,
  id: string,
  row: ExpectedRow | undefined,
  held: Held | undefined,
): Promise<Finding | undefined> {
  if (held?.state !== 'live') return undefined;
  if (row === undefined || (row.staged === null && row.record === null)) return { id, kind: 'foreign' };
  if (row.staged === null || !row.isOwn) return undefined;
  const fields = await compare({ document: row.staged, withdrawn: false }, held);
  if (fields.length === 0) return { id, kind: 'equal', ...heldOf(held) };
  const isAsPublished = row.record !== null && (await compare(expectedOf(row, row.record), held)).length === 0;
  return isAsPublished ? undefined : { id, kind: 'changed', details: toDetails(fields), ...heldOf(held) };
}

function expectedOf({ isWithdrawn, remote }: ExpectedRow, document: Expected['document']): Expected {
  return { document, withdrawn: isWithdrawn, ...(remote === null ? {} : { remote }) };
}

function heldOf({ document, remote }: Held): Pick<Finding, 'record' | 'remote'> {
  return {
    ...(document === undefined ? {} : { record: document }),
    ...(remote === undefined ? {} : { remote }),
  };
}

const MOST_FIELDS = 10;
const LONGEST_VALUE = 200;

/** The fields of a finding, few and short enough to be kept. */
export function toDetails(changes: readonly FieldChange[]): NonNullable<Finding['details']> {
  const fields = changes.slice(0, MOST_FIELDS).map(({ pointer, before, after }): DriftField => ({
    pointer,
    published: toText(before),
    held: toText(after),
  }));
  return { fields, more: changes.length - fields.length };
}

function toText(value: unknown): string | null {
  return value === undefined ? null : redactClipped(JSON.stringify(value), LONGEST_VALUE);
}
