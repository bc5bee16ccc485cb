/**
 * Yields exactly the entries that another run rejected, in source order and each once. An entry that is no longer at
 * its position is yielded as a failure, so that as many are read as were rejected.
 */
import { RecordError } from '../../errors.ts';
import { listRejectedPlaces, type RejectedPlace } from '../../postgres/stage/retried-rows.ts';
import type { Pool } from '../../postgres/pool.ts';
import { compareCursors, formatOrigin, type Cursor } from '../../records/origin.ts';
import type { OpenTask } from '../open-task.ts';
import { cursorOf, originOf, type PlacedItem, type ReadBatch } from './read-chain.ts';

export interface RejectedEntries {
  readonly pool: Pool;
  /** Whose rejections. */
  readonly run: string;
  readonly task: string;
  /** The types of the readers, outermost first. */
  readonly readers: readonly string[];
  /** The last place that is not wanted again. */
  readonly after: Cursor | undefined;
}

/** Undefined for every run but a retry of rejections. */
export function rejectedEntries(pool: Pool, task: OpenTask, after: Cursor | undefined): RejectedEntries | undefined {
  const { mode, request } = task.run;
  if (mode !== 'retry' || request.retries === undefined) return undefined;
  const readers = [task.source.reader.type, ...task.links.map(({ reader }) => reader.type)];
  return { pool, run: request.retries, task: task.row.name, readers, after };
}

/** `batches` is read no further than the last rejected entry. */
export async function* readRejected(
  entries: RejectedEntries,
  batches: AsyncIterable<ReadBatch>,
): AsyncGenerator<ReadBatch, void, undefined> {
  const wanted = await openPlaces(entries);
  let progress: ReadBatch['progress'] = { bytes: 0 };
  if (wanted.head() !== undefined) {
    for await (const batch of batches) {
      ({ progress } = batch);
      let items: PlacedItem[] = [];
      for (const item of batch.items) {
        const cursor = cursorOf(item);
        while (isBefore(wanted.head(), cursor)) {
          // In source order: a checkpoint covers everything before it.
          if (items.length > 0) yield { ...batch, items };
          items = [];
          yield* missing(entries, await wanted.take(), progress);
        }
        const place = wanted.head();
        if (place === undefined || compareCursors(place.cursor, cursor) !== 0) continue;
        await wanted.take();
        const found = formatOrigin(originOf(batch, item));
        const { position, container } = item;
        items.push(found === place.origin ? item : { position, container, error: notFound(place, found) });
      }
      if (items.length > 0) yield { ...batch, items };
      if (wanted.head() === undefined) return;
    }
  }
  while (wanted.head() !== undefined) yield* missing(entries, await wanted.take(), progress);
}

/** The position before the first requested entry, where a reader that can seek may start. */
export async function placeBeforeRejected(entries: RejectedEntries): Promise<Cursor | undefined> {
  const [first] = await listRejectedPlaces(entries.pool, entries, entries.after, 1);
  const last = first?.cursor.at(-1);
  if (first === undefined || last === undefined || last === 0) return entries.after;
  const before = [...first.cursor.slice(0, -1), last - 1];
  return entries.after !== undefined && compareCursors(entries.after, before) > 0 ? entries.after : before;
}

interface Places {
  head(): RejectedPlace | undefined;
  take(): Promise<RejectedPlace | undefined>;
}

/** The number of positions read at a time, so that memory is bounded for any number of rejections. */
const PAGE = 10_000;

async function openPlaces(entries: RejectedEntries): Promise<Places> {
  const load = (after: Cursor | undefined) => listRejectedPlaces(entries.pool, entries, after, PAGE);
  let page = await load(entries.after);
  let at = 0;
  return {
    head: () => page[at],
    async take() {
      const place = page[at];
      at += 1;
      if (at === page.length && page.length === PAGE) {
        page = await load(place?.cursor);
        at = 0;
      }
      return place;
    },
  };
}

function isBefore(place: RejectedPlace | undefined, cursor: Cursor): boolean {
  return place !== undefined && compareCursors(place.cursor, cursor) < 0;
}

function* missing(
  { readers }: RejectedEntries,
  place: RejectedPlace | undefined,
  progress: ReadBatch['progress'],
): Generator<ReadBatch> {
  if (place === undefined) return;
  const steps = place.cursor.map((position, depth) => ({ reader: readers[depth] ?? '', position }));
  const [reader = '', position = 0] = [readers.at(-1), place.cursor.at(-1)];
  const item = { position, container: steps.slice(0, -1), error: notFound(place, undefined) };
  yield { reader, items: [item], progress };
}

function notFound({ origin }: RejectedPlace, found: string | undefined): RecordError {
  return new RecordError(
    'E_ENTRY_NOT_FOUND',
    `Expected the rejected entry ${origin} at its place in the source, found ${found ?? 'none'}: the readers of the job choose other entries today.`,
  );
}
