/** The requested range of a chain, and its current position at each level: the resource, the start and the end. */
import type {
  ContainerReader,
  ParserReader,
  ReadContext,
  RecordSourceReader,
  Since,
  Warning,
} from '../../component/reader.ts';
import type { PlacedResource, Resource } from '../../component/resource.ts';
import type { Services } from '../../component/services.ts';
import { InternalError } from '../../errors.ts';
import type { Recognise } from '../../records/entry.ts';
import type { Cursor, OriginStep } from '../../records/origin.ts';
import type { MeteredResource } from './read-progress.ts';

/** A reader of the chain after the source. */
export interface ChainLink {
  readonly reader: ContainerReader | ParserReader | RecordSourceReader;
  /** Parsed by the reader's own schema. */
  readonly args: unknown;
  /** An option of the parser; see ReadContext. */
  readonly wanted?: readonly string[];
}

/** Everything whose cursor begins with `from` or is after it, and is before `until`. */
interface Slice {
  readonly from?: Cursor;
  readonly until?: Cursor;
}

export interface ChainSource {
  readonly type: string;
  /** The fetched files. */
  readonly resources: readonly Resource[];
  /** For download bundles: the resources in them, with their positions over all files. */
  readonly open?: (context: ReadContext) => AsyncIterable<PlacedResource>;
}

export interface ReadChainOptions {
  readonly source: ChainSource;
  /** Containers, then one parser. */
  readonly links: readonly ChainLink[];
  /** The last record that is not wanted again. */
  readonly after?: Cursor;
  /** The requested range, if it is not everything: by the positions of resources, outermost first. */
  readonly slice?: Slice;
  readonly signal: AbortSignal;
  readonly services: Services;
  readonly since: Since | undefined;
  /** For the parser; see ReadContext. */
  readonly recognise?: Recognise;
  warn(warning: Warning): void;
}

/** The position of one level of the chain. */
export interface Level {
  readonly depth: number;
  readonly steps: readonly OriginStep[];
  readonly meters: readonly MeteredResource[];
  /** Whether all outer levels are at the position of the cursor, so that the cursor determines where to start. */
  readonly isOnPath: boolean;
  /** The same of the end of the slice. */
  readonly isOnEnd: boolean;
}

export function parserContext(options: ReadChainOptions, level: Level, { wanted }: ChainLink): ReadContext {
  const reached = coordinate(options, level);
  const from = reached === undefined ? 0 : reached + 1;
  return { ...contextOf(options, level), from, ...(wanted === undefined ? {} : { wanted }) };
}

/** The start position at this level: the position of the cursor, or of the range, that leads through it. */
export function coordinate(options: ReadChainOptions, level: Level): number | undefined {
  return level.isOnPath ? (options.after ?? options.slice?.from)?.[level.depth] : undefined;
}

/** The first position at this level that is after the slice. */
export function endOf({ slice }: ReadChainOptions, { depth, isOnEnd }: Level): number | undefined {
  const position = isOnEnd ? slice?.until?.[depth] : undefined;
  if (position === undefined) return undefined;
  return slice?.until?.length === depth + 1 ? position : position + 1;
}

export function contextOf(options: ReadChainOptions, level: Level): ReadContext {
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

export function linkAt(options: ReadChainOptions, index: number): ChainLink {
  const link = options.links[index];
  if (link === undefined) throw new InternalError('E_INTERNAL', 'A chain of readers ends without a parser.');
  return link;
}
