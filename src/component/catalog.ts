/** The components that a process knows, by type. Each is imported when a job names it; the engine is given the catalog. */
import { InternalError } from '../errors.ts';
import type { Reader } from './reader.ts';
import type { Transformer } from './transformer.ts';
import type { Writer } from './writer.ts';

/** The writer that is bound to a logical name in this installation, as in a job file. */
export interface BoundTarget {
  readonly type: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Catalog {
  readonly readers: ComponentSet<Reader>;
  readonly transformers: ComponentSet<Transformer>;
  readonly writers: ComponentSet<Writer>;
  /** By logical name; see VOCAB_SYNC_TARGETS. */
  readonly targets: ReadonlyMap<string, BoundTarget>;
}

/** The components of one kind. */
export interface ComponentSet<C> {
  /** In the order of lists and of the reference. Known without an import. */
  readonly types: readonly string[];
  /** Imports a component. Returns undefined if no component has this type. */
  load(type: string): Promise<C | undefined>;
  /** Imports every component, to describe or to compare them. */
  loadAll(): Promise<readonly C[]>;
  /** Returns a component that was loaded, as all components of a checked job are. Throws InternalError for any other. */
  get(type: string): C;
}

/** For each type the function that imports the component. */
export type ComponentImports<C> = Readonly<Record<string, () => Promise<C>>>;

/** Components that are loaded already: those of a plug-in. */
export interface Definitions {
  readonly readers?: readonly Reader[];
  readonly transformers?: readonly Transformer[];
  readonly writers?: readonly Writer[];
}

export interface CatalogParts {
  readonly shipped?: {
    readonly readers: ComponentImports<Reader>;
    readonly transformers: ComponentImports<Transformer>;
    readonly writers: ComponentImports<Writer>;
  };
  readonly plugins?: readonly Definitions[];
  readonly targets?: Catalog['targets'];
}

/** Throws Error if two components of one kind have the same type. */
export function createCatalog({ shipped, plugins = [], targets = new Map() }: CatalogParts): Catalog {
  return {
    readers: createSet(
      'reader',
      shipped?.readers,
      plugins.flatMap(({ readers = [] }) => readers),
    ),
    transformers: createSet(
      'transformer',
      shipped?.transformers,
      plugins.flatMap(({ transformers = [] }) => transformers),
    ),
    writers: createSet(
      'writer',
      shipped?.writers,
      plugins.flatMap(({ writers = [] }) => writers),
    ),
    targets,
  };
}

function createSet<C extends { readonly type: string }>(
  kind: string,
  imports: ComponentImports<C> | undefined,
  definitions: readonly C[],
): ComponentSet<C> {
  const importers = new Map(Object.entries(imports ?? {}));
  const loaded = new Map<string, C>();
  for (const definition of definitions) {
    const { type } = definition;
    if (importers.has(type) || loaded.has(type)) throw new Error(`two ${kind}s are registered as "${type}"`);
    loaded.set(type, definition);
  }
  const types = [...importers.keys(), ...loaded.keys()];
  const load = async (type: string): Promise<C | undefined> => {
    const component = loaded.get(type) ?? (await importers.get(type)?.());
    if (component !== undefined) loaded.set(type, component);
    return component;
  };
  return {
    types,
    load,
    async loadAll() {
      const components = await Promise.all(types.map(load));
      return components.filter((component) => component !== undefined);
    },
    get(type) {
      const component = loaded.get(type);
      if (component !== undefined) return component;
      throw new InternalError('E_INTERNAL', `The ${kind} "${type}" of a checked job was not loaded.`);
    },
  };
}
