/**
 * Runs the readers of a chain: the resources of the source, through containers, to the records of the parser. It opens
 * one resource at a time, in source order, and gives each record its origin. If it resumes after a cursor, it yields
 * exactly the later records, whether a reader seeks or starts over.
 */
import { abortable } from '../../component/abortable.ts';
import type { PlacedResource, Resource } from '../../component/resource.ts';
import { InternalError, componentFailure, type RecordError } from '../../errors.ts';
import type { OriginStep } from '../../records/origin.ts';
import {
  contextOf,
  coordinate,
  endOf,
  linkAt,
  parserContext,
  type ChainLink,
  type ChainSource,
  type Level,
  type ReadChainOptions,
} from './chain-level.ts';
import type { ReadItem } from '../../records/entry.ts';
import { rejectDocument, watchStream } from './broken-document.ts';
import { placeItem, type PlacedItem, type ReadBatch } from './read-batch.ts';
import { meter, progressOf, type MeteredResource } from './read-progress.ts';

export type { ChainLink, ChainSource, ReadChainOptions } from './chain-level.ts';
export { cursorOf, originOf, type PlacedItem, type ReadBatch } from './read-batch.ts';

/**
 * Rethrows the errors of readers, and throws `signal.reason` at once when aborted. Everything that is open is closed
 * when the caller stops.
 */
export function readChain(options: ReadChainOptions): AsyncGenerator<ReadBatch, void, undefined> {
  checkShape(options);
  return readSource(options);
}

async function* readSource(options: ReadChainOptions): AsyncGenerator<ReadBatch, void, undefined> {
  const outermost: Level = { depth: 0, steps: [], meters: [], isOnPath: true, isOnEnd: true };
  const { type } = options.source;
  try {
    yield* readResources(options, type, openSource(options, outermost), outermost);
  } catch (thrown) {
    if (options.signal.aborted) throw thrown;
    throw componentFailure(`reader "${type}"`, thrown);
  }
}

function openSource(options: ReadChainOptions, level: Level): Iterable<Placed> | AsyncIterable<Placed> {
  const { open, resources } = options.source;
  if (open === undefined) return placeFiles(resources);
  return abortable(open(contextOf(options, level)), options.signal);
}

/** In sequence, as far as their sizes are known. */
function* placeFiles(resources: readonly Resource[]): Generator<PlacedResource, void, undefined> {
  let start: number | undefined = 0;
  for (const [position, resource] of resources.entries()) {
    const { bytes } = resource;
    yield start === undefined || bytes === undefined
      ? { position, resource }
      : { position, resource, span: { start, bytes } };
    start = start === undefined || bytes === undefined ? undefined : start + bytes;
  }
}

/** Undefined if the size of a file is not known. */
function sizeOf({ resources }: ChainSource): number | undefined {
  return resources.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  );
}

type Placed = PlacedResource | readonly PlacedResource[];

async function* readResources(
  options: ReadChainOptions,
  reader: string,
  resources: Iterable<Placed> | AsyncIterable<Placed>,
  level: Level,
): AsyncGenerator<ReadBatch, void, undefined> {
  const reached = coordinate(options, level) ?? 0;
  const end = endOf(options, level) ?? Infinity;
  const readContent = contentReader(options, reader, level);
  for await (const given of resources) {
    options.signal.throwIfAborted();
    const all = isList(given) ? given : [given];
    const wanted = all.filter(({ position }) => position >= reached && position < end);
    let items: PlacedItem[] = [];
    for (const placed of wanted) {
      if (readContent?.(placed, items) === true) continue;
      if (items.length > 0) yield batchOf(options, [...level.meters, meterOf(placed)], items);
      items = [];
      yield* readPlaced(options, reader, placed, level);
    }
    const last = wanted.at(-1);
    if (last !== undefined && items.length > 0) yield batchOf(options, [...level.meters, meterOf(last)], items);
    if (all.some(({ position }) => position >= end)) return;
  }
}

function isList(given: Placed): given is readonly PlacedResource[] {
  return Array.isArray(given);
}

function meterOf({ resource, span }: PlacedResource): MeteredResource {
  return meter(resource, span);
}

async function* readPlaced(
  options: ReadChainOptions,
  reader: string,
  placed: PlacedResource,
  level: Level,
): AsyncGenerator<ReadBatch, void, undefined> {
  const { position, resource, failure } = placed;
  const isOnPath = level.isOnPath && position === coordinate(options, level);
  const step = { reader, position, name: resource.name };
  if (failure !== undefined) {
    const isTaken = isOnPath && options.after !== undefined;
    if (!isTaken) yield failedBatch(options, level, step, failure);
    return;
  }
  const metered = meterOf(placed);
  yield* readThrough(options, metered.resource, {
    depth: level.depth + 1,
    steps: [...level.steps, step],
    meters: [...level.meters, metered],
    isOnPath,
    isOnEnd: level.isOnEnd && position === options.slice?.until?.[level.depth],
  });
}

/** A resource that could not be fetched, counted as one record. */
function failedBatch(options: ReadChainOptions, level: Level, step: OriginStep, error: RecordError): ReadBatch {
  const between = options.links.slice(level.depth, -1).map(({ reader }) => ({ reader: reader.type, position: 0 }));
  return batchOf(options, level.meters, [{ position: 0, error, container: [...level.steps, step, ...between] }]);
}

function batchOf(
  options: ReadChainOptions,
  meters: readonly MeteredResource[],
  items: readonly PlacedItem[],
): ReadBatch {
  const reader = linkAt(options, options.links.length - 1).reader.type;
  return { reader, items, progress: progressOf(meters, sizeOf(options.source)) };
}

async function* readThrough(
  options: ReadChainOptions,
  resource: Resource,
  level: Level,
): AsyncGenerator<ReadBatch, void, undefined> {
  const link = linkAt(options, level.depth - 1);
  try {
    yield* readWith(options, link, resource, level);
  } catch (thrown) {
    if (options.signal.aborted) throw thrown;
    throw componentFailure(`reader "${link.reader.type}"`, thrown);
  }
}

async function* readWith(
  options: ReadChainOptions,
  link: ChainLink,
  resource: Resource,
  level: Level,
): AsyncGenerator<ReadBatch, void, undefined> {
  const { reader, args } = link;
  if (reader.emits === 'records') {
    yield* readDocument(options, link, resource, level);
    return;
  }
  const inner = reader.read(resource, args, contextOf(options, level));
  yield* readResources(options, reader.type, abortable(inner, options.signal), level);
}

async function* readDocument(
  options: ReadChainOptions,
  link: ChainLink,
  resource: Resource,
  level: Level,
): AsyncGenerator<ReadBatch, void, undefined> {
  const { reader, args } = link;
  if (reader.emits !== 'records') return;
  const context = parserContext(options, level, link);
  const watched = watchStream(resource);
  let reached: number | undefined;
  const place = (batch: readonly ReadItem[]): ReadBatch | undefined => {
    const items: PlacedItem[] = [];
    for (const item of batch) if (item.position >= context.from) items.push(placeItem(item, level.steps));
    return items.length > 0 ? batchOf(options, level.meters, items) : undefined;
  };
  try {
    for await (const batch of abortable(reader.read(watched.resource, args, context), options.signal)) {
      const placed = place(batch);
      if (placed === undefined) continue;
      reached = (placed.items.at(-1)?.position ?? 0) + 1;
      yield placed;
    }
  } catch (thrown) {
    const broken = { resource, link, level, streamError: watched.error(), reached };
    const rejected = options.signal.aborted
      ? undefined
      : await rejectDocument(options, thrown, broken, (inner) => readChain(inner));
    if (rejected === undefined) throw thrown;
    const placed = place(rejected);
    if (placed !== undefined) yield placed;
  }
}

/** `check` proves chains before they run, and a checkpoint pins its chain: anything else is a bug. */
function checkShape(options: ReadChainOptions): void {
  const shape = options.links.map((link) => link.reader.emits).join(' ');
  if (!/^(bytes )*records$/.test(shape)) {
    throw new InternalError(
      'E_INTERNAL',
      `A chain of readers should be containers and then one parser, but it is: ${shape}.`,
    );
  }
  const { after, links } = options;
  if (after !== undefined && after.length !== links.length + 1) {
    throw new InternalError(
      'E_INTERNAL',
      `A cursor should have ${String(links.length + 1)} positions, but it is ${JSON.stringify(after)}.`,
    );
  }
}

/** Adds the items of a resource, or returns false if it must be streamed. */
type ReadContent = (placed: PlacedResource, into: PlacedItem[]) => boolean;

/**
 * Reads resources whose bytes are in memory without waiting for anything, because an archive may hold millions of them.
 * These are the resources that a reader yields at this level. Undefined if the next reader cannot do so. The resource where
 * the read begins or ends is streamed, because only a part of it may be requested.
 */
function contentReader(options: ReadChainOptions, reader: string, level: Level): ReadContent | undefined {
  const next = linkAt(options, level.depth);
  if (!('readContent' in next.reader)) return undefined;
  const readContent = next.reader.readContent.bind(next.reader);
  const first = level.isOnPath ? (options.after ?? options.slice?.from)?.[level.depth] : undefined;
  const last = level.isOnEnd ? options.slice?.until?.[level.depth] : undefined;
  const context = parserContext(options, { ...level, depth: level.depth + 1, isOnPath: false, isOnEnd: false }, next);
  return ({ position, resource: { content, name }, failure }, into) => {
    if (content === undefined || failure !== undefined || position === first || position === last) return false;
    const container = [...level.steps, { reader, position, name }];
    try {
      const items = readContent(content, next.args, context);
      if (items === undefined) return false;
      for (const item of items) into.push(placeItem(item, container));
      return true;
    } catch (thrown) {
      throw componentFailure(`reader "${next.reader.type}"`, thrown);
    }
  };
}
