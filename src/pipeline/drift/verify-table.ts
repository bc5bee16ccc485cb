/**
 * Compares a table of this database, or a file, with what was published. Each record carries the digest that it was
 * published with, and the change log names every record that was inserted.
 */
import { createHash } from 'node:crypto';
import { FINDINGS_KEPT, type Finding } from '../../postgres/ledger/drift.ts';
import { readRecordParts } from '../../postgres/ledger/layer-parts.ts';
import type { Pool } from '../../postgres/pool.ts';
import { readExpected, withExpectedIds, type ExpectedRow } from '../../postgres/publish/expected-rows.ts';
import { findLostRecords, findPublishedVersions } from '../../postgres/publish/lost-records.ts';
import type { Document } from '../../records/document.ts';
import { compareFields } from '../../records/field-changes.ts';
import { canonicalJson } from '../../records/json-object.ts';
import { mergeRecord } from '../../records/layers.ts';
import { toDetails } from './compare-record.ts';
import type { Verification } from './verification.ts';

export async function verifyTable(verification: Verification): Promise<void> {
  const { engine, target, expected, sample, context } = verification;
  await withExpectedIds(engine.pool, expected, async (batches) => {
    for await (const ids of batches) {
      context.signal.throwIfAborted();
      const rows = await readExpected(engine.pool, expected, ids);
      const own = [...rows.values()].filter(({ isOwn, isWithdrawn }) => isOwn && !isWithdrawn);
      const findings = [...(await findEdited(verification, own)), ...findForeign(rows)];
      await verification.advance({ compared: own.length, findings, cursor: ids.at(-1), lists: sample === undefined });
    }
  });
  const lost =
    sample === undefined
      ? await findLostRecords(engine.pool, target.target, expected.job, FINDINGS_KEPT)
      : { count: 0, first: [] };
  const file = await inspectFile(verification);
  await verification.advance({
    ...{ compared: 0, cursor: undefined, lists: sample === undefined, unnamed: lost.count - lost.first.length },
    findings: [...lost.first.map((id): Finding => ({ id, kind: 'missing' })), ...file],
  });
}

/** Records whose content differs from what was published. */
async function findEdited({ engine, target }: Verification, own: readonly ExpectedRow[]): Promise<Finding[]> {
  const edited = own.filter(({ record, hash }) => digestOf(record) !== hash);
  if (edited.length === 0) return [];
  const versions = await findPublishedVersions(engine.pool, target.target, edited);
  const findings: Finding[] = [];
  for (const { id, record } of edited) {
    const published = (await mergeParts(engine.pool, target.target.name, id)) ?? versions.get(id);
    if (published !== undefined && canonicalJson(published) === canonicalJson(record)) continue;
    const note = 'Its content is not the one that was published.';
    const details =
      published === undefined ? { fields: [], more: 0, note } : toDetails(compareFields(published, record));
    findings.push({ id, kind: 'changed', details });
  }
  return findings;
}

/** The record that is merged from several jobs. Its hash is not the hash of its content. Undefined without layers. */
async function mergeParts(pool: Pool, target: string, id: string): Promise<Document | undefined> {
  const parts = await readRecordParts(pool, id, [target]);
  const base = parts.find(({ layer }) => layer === null);
  if (base === undefined) return undefined;
  const layers = parts.flatMap(({ layer, owns, record }) =>
    layer === null || owns === null ? [] : [{ name: layer, owns, part: record as Document }],
  );
  return mergeRecord(base.record as Document, layers);
}

function digestOf(record: unknown): string {
  return createHash('sha256').update(canonicalJson(record)).digest('hex');
}

/** Records that were entered into the table by hand. */
function findForeign(rows: ReadonlyMap<string, ExpectedRow>): Finding[] {
  return [...rows.values()]
    .filter(({ job, isWithdrawn }) => job === null && !isWithdrawn)
    .map(({ id }): Finding => ({ id, kind: 'foreign' }));
}

async function inspectFile({
  engine,
  target: { target, snapshot },
  task,
  context,
  total,
}: Verification): Promise<Finding[]> {
  if (snapshot?.writer.inspect === undefined || total === 0) return [];
  const { target: buckets } = engine.services.s3;
  const { signal } = context;
  const cause = await snapshot.writer.inspect(snapshot.args, { job: task.run.job_id, buckets, signal, reads: true });
  if (cause === undefined) return [];
  const note = `${cause.charAt(0).toUpperCase()}${cause.slice(1)}.`;
  return [{ id: target.name, kind: 'changed', details: { fields: [], more: 0, note } }];
}
