/** What a read of a chain is asked for, and where it stands at each of its levels: in which resource, from where to where. */
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

/** Where a level of the chain stands. */
export interface Level {
  readonly depth: number;
  readonly steps: readonly OriginStep[];
  readonly meters: readonly MeteredResource[];
  /** Whether everything around it is where the cursor points to, so that the cursor says where to begin. */
  readonly isOnPath: boolean;
  /** The same of the end of the slice. */
  readonly isOnEnd: boolean;
}

export function parserContext(options: ReadChainOptions, level: Level, { wanted }: ChainLink): ReadContext {
  const reached = coordinate(options, level);
  const from = reached === undefined ? 0 : reached + 1;
  return { ...contextOf(options, level), from, ...(wanted === undefined ? {} : { wanted }) };
}

/** Where to begin at this level: the position of the cursor, or of the slice, that leads through it. */
export function coordinate(options: ReadChainOptions, level: Level): number | undefined {
  return level.isOnPath ? (options.after ?? options.slice?.from)?.[level.depth] : undefined;
}

/** The first position at this level that is behind the slice. */
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
