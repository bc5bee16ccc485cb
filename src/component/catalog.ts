/** The components that a process knows, by type. Built once from literal lists; the engine is given it. */
import type { Reader } from './reader.ts';
import type { Transformer } from './transformer.ts';
import type { Writer } from './writer.ts';

export interface Catalog {
  readonly readers: ReadonlyMap<string, Reader>;
  readonly transformers: ReadonlyMap<string, Transformer>;
  readonly writers: ReadonlyMap<string, Writer>;
}

export function createCatalog(lists: {
  readonly readers: readonly Reader[];
  readonly transformers: readonly Transformer[];
  readonly writers: readonly Writer[];
}): Catalog {
  return {
    readers: byType('reader', lists.readers),
    transformers: byType('transformer', lists.transformers),
    writers: byType('writer', lists.writers),
  };
}

function byType<T extends { readonly type: string }>(kind: string, list: readonly T[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const component of list) {
    if (map.has(component.type)) throw new Error(`two ${kind}s are registered as "${component.type}"`);
    map.set(component.type, component);
  }
  return map;
}
