/** Calculates the progress of a read from the bytes of the fetched files that it has passed. */
import type { Resource, Span } from '../../component/resource.ts';

export interface ReadProgress {
  readonly bytes: number;
  readonly totalBytes?: number;
}

/** A resource that counts the bytes it delivers. A stream that starts again counts from zero. */
export interface MeteredResource {
  readonly resource: Resource;
  readonly delivered: () => number;
  /** Its position in the surrounding resource; for the outermost, in all fetched files together. */
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
 * `resources` are ordered from the outermost to the innermost. The progress comes from their positions in all fetched
 * files if these are known, else from the innermost streamed resource with a known size, else from the bytes of the
 * innermost.
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

/** The share of a resource that has been read, from 0 to 1. */
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
