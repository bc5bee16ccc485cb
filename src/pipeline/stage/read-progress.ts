/** How far a read is, by the bytes of the fetched files that lie behind it. */
import type { Resource, Span } from '../../component/resource.ts';

export interface ReadProgress {
  readonly bytes: number;
  readonly totalBytes?: number;
}

/** A resource that counts what it delivers. A stream that starts anew counts anew. */
export interface MeteredResource {
  readonly resource: Resource;
  readonly delivered: () => number;
  /** Where it lies in the resource around it; of the outermost, in all fetched files together. */
  readonly span: Span | undefined;
}

export function meter(resource: Resource, span: Span | undefined): MeteredResource {
  let delivered = 0;
  async function* stream(): AsyncGenerator<Buffer, void, undefined> {
    delivered = 0;
    for await (const chunk of resource.stream()) {
      delivered += chunk.length;
      yield chunk;
    }
  }
  return { resource: { ...resource, stream }, delivered: () => delivered, span };
}

/**
 * `resources` from the outermost to the innermost. By their places in all fetched files, where these are known; else by
 * the innermost whose size is known and that is streamed; else what the innermost has delivered.
 */
export function progressOf(resources: readonly MeteredResource[], totalBytes: number | undefined): ReadProgress {
  const [outermost] = resources;
  const share = shareOf(resources, 0);
  if (totalBytes !== undefined && outermost?.span !== undefined && share !== undefined) {
    const { start, bytes } = outermost.span;
    return { bytes: Math.round(start + share * bytes), totalBytes };
  }
  for (const { resource, delivered } of resources.toReversed()) {
    if (resource.bytes !== undefined && delivered() > 0) return { bytes: delivered(), totalBytes: resource.bytes };
  }
  return { bytes: resources.at(-1)?.delivered() ?? 0 };
}

/** Which share of a resource lies behind the read, from 0 to 1. */
function shareOf(resources: readonly MeteredResource[], index: number): number | undefined {
  const outer = resources[index];
  const whole = outer?.resource.bytes;
  if (outer === undefined || whole === undefined || whole === 0) return undefined;
  const span = resources[index + 1]?.span;
  if (span !== undefined) {
    return Math.min(1, (span.start + (shareOf(resources, index + 1) ?? 0) * span.bytes) / whole);
  }
  return outer.delivered() > 0 ? Math.min(1, outer.delivered() / whole) : undefined;
}
