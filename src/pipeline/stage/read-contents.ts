/** Reads resources whose bytes are at hand without waiting for anything: an archive may hold millions of them. */
import type { PlacedResource } from '../../component/resource.ts';
import { componentFailure } from '../../errors.ts';
import { linkAt, parserContext, type Level, type ReadChainOptions } from './chain-level.ts';
import { placeItem, type PlacedItem } from './read-batch.ts';

/** Adds the items of a resource, or says false: it has to be streamed. */
export type ReadContent = (placed: PlacedResource, into: PlacedItem[]) => boolean;

/**
 * For the resources that a reader yields at this level. Undefined where the next reader knows no such way. The resource
 * where the read begins or ends is streamed: part of it may not be wanted.
 */
export function contentReader(options: ReadChainOptions, reader: string, level: Level): ReadContent | undefined {
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
