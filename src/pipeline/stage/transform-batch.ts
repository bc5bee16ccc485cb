/** Converts a batch of the reader to rows and rejections in the sink, and counts each result in the tally of the partition. */
import type { Warning } from '../../component/reader.ts';
import { LimitError } from '../../errors.ts';
import { isFailure, type ReadItem, type ReadRecord } from '../../records/entry.ts';
import { requireId, toNotes, type RecordNotes } from '../../records/notes.ts';
import { formatOrigin } from '../../records/origin.ts';
import type { Tally } from '../../records/tally.ts';
import type { StagedNotes } from '../../postgres/stage/staged-notes.ts';
import type { OpenTask } from '../open-task.ts';
import { cursorOf, originOf, type PlacedItem, type ReadBatch } from './read-chain.ts';
import type { StageSink } from './stage-sink.ts';
import { extractPart, type Layer } from '../../records/layers.ts';
import { tallyItemWarning, tallyResult, transformItem, type StagedDocument } from './transform-items.ts';

/** Rejections of one code that a partition keeps; further ones are counted. A thousand bytes each are 10 MB. */
const MOST_KEPT = 10_000;
/** From this number on, a source with hardly any valid record is not read to its end. */
const LEAST_REJECTED = 100_000;
const USELESS_SHARE = 0.9;

function refuseUselessSource({ read, rejected }: Tally): void {
  if (rejected < LEAST_REJECTED || rejected < read * USELESS_SHARE) return;
  throw new LimitError(
    'E_TOO_MANY_REJECTED',
    `Expected records that can be used, but ${String(rejected)} of the first ${String(read)} were rejected. The source is not read to its end.`,
    { details: { read, rejected } },
  );
}

export function transformBatch(task: OpenTask, batch: ReadBatch, tally: Tally, sink: StageSink): void {
  const watched = Object.keys(task.guards.min_fill_percent ?? {});
  let item: PlacedItem | undefined;
  let warnings = 0;
  const origin = (): string => (item === undefined ? '' : formatOrigin(originOf(batch, item)));
  const warn = (warning: Warning): void => {
    warnings += 1;
    tallyItemWarning(tally, warning, origin());
  };
  const noted: StagedNotes[] = [];
  const note = (given: RecordNotes): void => {
    noted.push({ seq: tally.read, id: requireId(given.id), notes: toNotes(given) });
  };
  for (item of batch.items) {
    noted.length = 0;
    const before = warnings;
    const seq = tally.read;
    if (isKnown(item)) {
      tally.read += 1;
      tally.staged += 1;
      tally.known += 1;
      sink.addKnown({ seq, sourceHash: item.digest });
      continue;
    }
    const result = transformItem(item, task.items, origin, warn, note);
    tallyResult(tally, result, watched);
    if (result.kind === 'rejected') {
      const { rejection } = result;
      if ((tally.rejectedBy[rejection.code] ?? 0) <= MOST_KEPT) {
        sink.addRejection({ ...rejection, origin: origin(), cursor: cursorOf(item) });
      } else if (rejection.recordId !== undefined) {
        // Its id is not stored in the ledger, so absence proves nothing any more.
        tally.rejectedWithoutId += 1;
      }
      refuseUselessSource(tally);
    }
    const notes = noted.at(-1);
    if (notes !== undefined && result.kind !== 'rejected') {
      sink.addNotes(result.kind === 'staged' ? { ...notes, id: result.document.id } : notes);
    }
    if (result.kind === 'filtered' && result.deletes !== undefined) sink.addDeletion({ seq, id: result.deletes });
    if (result.kind !== 'staged') continue;
    const { id, json } = toPart(result.document, task.items.layer);
    // A record that is warned of must warn again next time, so it is not recognised then.
    sink.addRow({ seq, id, json, sourceHash: warnings > before ? undefined : digestOf(item) });
  }
}

/** Returns the parts of a document that a layer owns. Guards check the whole record, so it is cut after them. */
export function toPart(document: StagedDocument, layer: Layer | undefined): StagedDocument {
  if (layer === undefined) return document;
  const { id, value } = document;
  return { id, value, json: JSON.stringify(extractPart({ ...value, id }, layer.owns)) };
}

function isKnown(item: ReadItem): item is ReadRecord & { readonly digest: string } {
  return !isFailure(item) && item.isKnown === true && item.digest !== undefined;
}

function digestOf(item: ReadItem): string | undefined {
  return isFailure(item) ? undefined : item.digest;
}
