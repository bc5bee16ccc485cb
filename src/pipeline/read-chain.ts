/**
 * Runs the readers of a chain: resources of the source, through containers, to the records of the parser. It opens
 * one resource at a time, in source order, and gives each record the place that it came from. Resumed behind a cursor
 * it yields exactly the records after it, whether a reader seeks or starts over.
 */
import { abortable } from '../component/abortable.ts';
import type {
  ContainerReader,
  ParserReader,
  ReadContext,
  RecordSourceReader,
  Since,
  Warning,
} from '../component/reader.ts';
import type { PlacedResource, Resource } from '../component/resource.ts';
import type { Services } from '../component/services.ts';
import { InternalError, type RecordError } from '../errors.ts';
import type { ReadItem, Recognise } from '../records/entry.ts';
import type { Cursor, Origin, OriginStep } from '../records/origin.ts';
import { meter, progressOf, type MeteredResource, type ReadProgress } from './read-progress.ts';

/** A reader of the chain behind the source. */
export interface ChainLink {
  readonly reader: ContainerReader | ParserReader | RecordSourceReader;
  /** Parsed by the reader's own schema. */
  readonly args: unknown;
  /** Of the parser; see ReadContext. */
  readonly wanted?: readonly string[];
}

/** Everything of which the cursor begins with `from` or lies behind it, and lies before `until`. */
export interface Slice {
  readonly from?: Cursor;
  readonly until?: Cursor;
}

export interface ReadBatch {
  /** The resource that the items come from: the step of the source file, then one for each container. */
  readonly container: Origin;
  /** The type of the parser. */
  readonly reader: string;
  readonly items: readonly ReadItem[];
  readonly progress: ReadProgress;
}

export interface ChainSource {
  readonly type: string;
  /** The fetched files. */
  readonly resources: readonly Resource[];
  /** Where the files are bundles: the resources in them, with their positions over all files. */
  readonly open?: (context: ReadContext) => AsyncIterable<PlacedResource>;
}

export interface ReadChainOptions {
  readonly source: ChainSource;
  /** Containers, then one parser. */
  readonly links: readonly ChainLink[];
  /** The last record that is not wanted again. */
  readonly after?: Cursor;
  /** The slice that is wanted, where it is not everything: by the positions of resources, outermost first. */
  readonly slice?: Slice;
  readonly signal: AbortSignal;
  readonly services: Services;
  readonly since: Since | undefined;
  /** For the parser; see ReadContext. */
  readonly recognise?: Recognise;
  warn(warning: Warning): void;
}

/** Throws what readers throw, and `signal.reason` at once when aborted. Whatever is open is closed when the caller stops. */
export function readChain(options: ReadChainOptions): AsyncGenerator<ReadBatch, void, undefined> {
  checkShape(options);
  const outermost: Level = { depth: 0, steps: [], meters: [], isOnPath: true, isOnEnd: true };
  return readResources(options, options.source.type, openSource(options, outermost), outermost);
}

function openSource(options: ReadChainOptions, level: Level): Iterable<PlacedResource> | AsyncIterable<PlacedResource> {
  const { open, resources } = options.source;
  if (open === undefined) return placeFiles(resources);
  return abortable(open(contextOf(options, level)), options.signal);
}

/** One behind the other, as far as their sizes are known. */
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

/** Undefined where the size of a file is not known. */
function sizeOf({ resources }: ChainSource): number | undefined {
  return resources.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  );
}

export function originOf(batch: ReadBatch, item: ReadItem): Origin {
  return [...batch.container, { reader: batch.reader, position: item.position }];
}

export function cursorOf(batch: ReadBatch, item: ReadItem): Cursor {
  return [...batch.container.map((step) => step.position), item.position];
}

/** Where a level of the chain stands. */
interface Level {
  readonly depth: number;
  readonly steps: readonly OriginStep[];
  readonly meters: readonly MeteredResource[];
  /** Whether everything around it is where the cursor points to, so that the cursor says where to begin. */
  readonly isOnPath: boolean;
  /** The same of the end of the slice. */
  readonly isOnEnd: boolean;
}

async function* readResources(
  options: ReadChainOptions,
  reader: string,
  resources: Iterable<PlacedResource> | AsyncIterable<PlacedResource>,
  level: Level,
): AsyncGenerator<ReadBatch, void, undefined> {
  const reached = coordinate(options, level);
  const end = endOf(options, level);
  for await (const { position, resource, span, failure } of resources) {
    options.signal.throwIfAborted();
    if (end !== undefined && position >= end) return;
    if (reached !== undefined && position < reached) continue;
    if (failure !== undefined) {
      const isTaken = position === reached && options.after !== undefined;
      if (!isTaken) yield failedBatch(options, level, { reader, position, name: resource.name }, failure);
      continue;
    }
    const metered = meter(resource, span);
    yield* readThrough(options, metered.resource, {
      depth: level.depth + 1,
      steps: [...level.steps, { reader, position, name: resource.name }],
      meters: [...level.meters, metered],
      isOnPath: position === reached,
      isOnEnd: level.isOnEnd && position === options.slice?.until?.[level.depth],
    });
  }
}

/** A resource that could not be had, as the one record that it would have held at the least. */
function failedBatch(options: ReadChainOptions, level: Level, step: OriginStep, error: RecordError): ReadBatch {
  const between = options.links.slice(level.depth, -1).map(({ reader }) => ({ reader: reader.type, position: 0 }));
  return {
    container: [...level.steps, step, ...between],
    reader: linkAt(options, options.links.length - 1).reader.type,
    items: [{ position: 0, error }],
    progress: progressOf(level.meters, sizeOf(options.source)),
  };
}

async function* readThrough(
  options: ReadChainOptions,
  resource: Resource,
  level: Level,
): AsyncGenerator<ReadBatch, void, undefined> {
  const { reader, args, wanted } = linkAt(options, level.depth - 1);
  const reached = coordinate(options, level);
  if (reader.emits === 'records') {
    const from = reached === undefined ? 0 : reached + 1;
    const total = sizeOf(options.source);
    const batches = reader.read(resource, args, {
      ...contextOf(options, level),
      from,
      ...(wanted === undefined ? {} : { wanted }),
    });
    for await (const batch of abortable(batches, options.signal)) {
      const items = from > 0 ? batch.filter((item) => item.position >= from) : batch;
      if (items.length === 0) continue;
      yield { container: level.steps, reader: reader.type, items, progress: progressOf(level.meters, total) };
    }
    return;
  }
  const inner = reader.read(resource, args, contextOf(options, level));
  yield* readResources(options, reader.type, abortable(inner, options.signal), level);
}

/** Where to begin at this level: the position of the cursor, or of the slice, that leads through it. */
function coordinate(options: ReadChainOptions, level: Level): number | undefined {
  return level.isOnPath ? (options.after ?? options.slice?.from)?.[level.depth] : undefined;
}

/** The first position at this level that is behind the slice. */
function endOf({ slice }: ReadChainOptions, { depth, isOnEnd }: Level): number | undefined {
  const position = isOnEnd ? slice?.until?.[depth] : undefined;
  if (position === undefined) return undefined;
  return slice?.until?.length === depth + 1 ? position : position + 1;
}

function contextOf(options: ReadChainOptions, level: Level): ReadContext {
  const until = endOf(options, level);
  return {
    from: coordinate(options, level) ?? 0,
    ...(until === undefined ? {} : { until }),
    since: options.since,
    signal: options.signal,
    ...(options.recognise === undefined ? {} : { recognise: options.recognise }),
    services: options.services,
    warn: (warning) => {
      options.warn(warning);
    },
  };
}

function linkAt(options: ReadChainOptions, index: number): ChainLink {
  const link = options.links[index];
  if (link === undefined) throw new InternalError('E_INTERNAL', 'A chain of readers ends without a parser.');
  return link;
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
