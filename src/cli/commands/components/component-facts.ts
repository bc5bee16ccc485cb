/** The definitions of components as data. */
import type { Catalog } from '../../../component/catalog.ts';
import type { Reader } from '../../../component/reader.ts';
import type { Transformer } from '../../../component/transformer.ts';
import type { Writer } from '../../../component/writer.ts';
import { toArgsSchema } from '../../../job/schema/args-schema.ts';

export interface ComponentSummary {
  readonly kind: 'reader' | 'transformer' | 'writer';
  readonly type: string;
  readonly summary: string;
}

export interface ComponentFacts extends ComponentSummary {
  readonly version: number;
  readonly description: string | null;
  /** JSON Schema, draft 7. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly examples: readonly { readonly title: string; readonly args: unknown }[];
}

export async function listComponents(catalog: Catalog): Promise<readonly ComponentSummary[]> {
  return (await placed(catalog)).map(({ kind, component: { type, summary } }) => ({ kind, type, summary }));
}

/** Loads only this type. A reader and a writer may share it. */
export async function describeComponent(
  { readers, transformers, writers }: Catalog,
  type: string,
): Promise<readonly ComponentFacts[]> {
  const [reader, transformer, writer] = [
    await readers.load(type),
    await transformers.load(type),
    await writers.load(type),
  ];
  const found: readonly Placed[] = [
    ...(reader === undefined ? [] : [{ kind: 'reader' as const, component: reader }]),
    ...(transformer === undefined ? [] : [{ kind: 'transformer' as const, component: transformer }]),
    ...(writer === undefined ? [] : [{ kind: 'writer' as const, component: writer }]),
  ];
  return found.map(({ kind, component }) => ({
    kind,
    type,
    summary: component.summary,
    version: component.version,
    description: component.description ?? null,
    args: toArgsSchema(component.args),
    examples: component.examples.map(({ title, args }) => ({ title, args })),
  }));
}

interface Placed {
  readonly kind: ComponentSummary['kind'];
  readonly component: Reader | Transformer | Writer;
}

async function placed({ readers, transformers, writers }: Catalog): Promise<readonly Placed[]> {
  return [
    ...(await readers.loadAll()).map((component) => ({ kind: 'reader' as const, component })),
    ...(await transformers.loadAll()).map((component) => ({ kind: 'transformer' as const, component })),
    ...(await writers.loadAll()).map((component) => ({ kind: 'writer' as const, component })),
  ];
}
