/** How far a read is, by the bytes that its resources have delivered. */
import type { Resource } from '../component/resource.ts';

export interface ReadProgress {
  readonly bytes: number;
  readonly totalBytes?: number;
}

/** A resource that counts what it delivers. A stream that starts anew counts anew. */
export interface MeteredResource {
  readonly resource: Resource;
  readonly delivered: () => number;
}

export function meter(resource: Resource): MeteredResource {
  let delivered = 0;
  async function* stream(): AsyncGenerator<Buffer, void, undefined> {
    delivered = 0;
    for await (const chunk of resource.stream()) {
      delivered += chunk.length;
      yield chunk;
    }
  }
  return { resource: { ...resource, stream }, delivered: () => delivered };
}

/** By the innermost resource whose size is known and that is streamed; else what the innermost has delivered. */
export function progressOf(resources: readonly MeteredResource[]): ReadProgress {
  for (const { resource, delivered } of resources.toReversed()) {
    if (resource.bytes !== undefined && delivered() > 0) return { bytes: delivered(), totalBytes: resource.bytes };
  }
  return { bytes: resources.at(-1)?.delivered() ?? 0 };
}
