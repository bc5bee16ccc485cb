/** From a batch of the reader to rows and rejections in the sink, each entered in the account of the partition. */
import type { Warning } from '../../component/reader.ts';
import { LimitError } from '../../errors.ts';
import { isFailure, type ReadItem, type ReadRecord } from '../../records/entry.ts';
import { formatOrigin } from '../../records/origin.ts';
import type { Tally } from '../../records/tally.ts';
import type { OpenTask } from '../open-task.ts';
import { cursorOf, originOf, type PlacedItem, type ReadBatch } from './read-chain.ts';
import type { StageSink } from './stage-sink.ts';
import { tallyItemWarning, tallyResult, transformItem } from './transform-items.ts';

/** Rejections of one code that a partition keeps; further ones are counted. A thousand bytes each are 10 MB. */
const MOST_KEPT = 10_000;
/** From here on a source of which hardly anything can be used is not read to its end. */
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

export function takeBatch(task: OpenTask, batch: ReadBatch, tally: Tally, sink: StageSink): void {
  const watched = Object.keys(task.guards.min_fill_percent ?? {});
  let item: PlacedItem | undefined;
  let warnings = 0;
  const origin = (): string => (item === undefined ? '' : formatOrigin(originOf(batch, item)));
  const warn = (warning: Warning): void => {
    warnings += 1;
    tallyItemWarning(tally, warning, origin());
  };
  for (item of batch.items) {
    const before = warnings;
    const seq = tally.read;
    if (isKnown(item)) {
      tally.read += 1;
      tally.staged += 1;
      tally.known += 1;
      sink.addKnown({ seq, sourceHash: item.digest });
      continue;
    }
    const result = transformItem(item, task.items, origin, warn);
    tallyResult(tally, result, watched);
    if (result.kind === 'rejected') {
      const { rejection } = result;
      if ((tally.rejectedBy[rejection.code] ?? 0) <= MOST_KEPT) {
        sink.addRejection({ ...rejection, origin: origin(), cursor: cursorOf(item) });
      } else if (rejection.recordId !== undefined) {
        // Nobody will find its id in the ledger: absence proves nothing any more.
        tally.rejectedWithoutId += 1;
      }
      refuseUselessSource(tally);
    }
    if (result.kind === 'filtered' && result.deletes !== undefined) sink.addDeletion({ seq, id: result.deletes });
    if (result.kind !== 'staged') continue;
    const { id, json } = result.document;
    // A record that is warned of must warn again next time, so it is not recognised then.
    sink.addRow({ seq, id, json, sourceHash: warnings > before ? undefined : digestOf(item) });
  }
}

function isKnown(item: ReadItem): item is ReadRecord & { readonly digest: string } {
  return !isFailure(item) && item.isKnown === true && item.digest !== undefined;
}

function digestOf(item: ReadItem): string | undefined {
  return isFailure(item) ? undefined : item.digest;
}
