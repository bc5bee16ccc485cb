/** What the definitions of components say of themselves, as data. */
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

export function listComponents(catalog: Catalog): readonly ComponentSummary[] {
  return placed(catalog).map(({ kind, component: { type, summary } }) => ({ kind, type, summary }));
}

/** A reader and a writer may share a type. */
export function describeComponent(catalog: Catalog, type: string): readonly ComponentFacts[] {
  return placed(catalog)
    .filter(({ component }) => component.type === type)
    .map(({ kind, component }) => ({
      kind,
      type,
      summary: component.summary,
      version: component.version,
      description: component.description ?? null,
      args: toArgsSchema(component.args),
      examples: component.examples.map(({ title, args }) => ({ title, args })),
    }));
}

function placed({ readers, transformers, writers }: Catalog): readonly {
  readonly kind: ComponentSummary['kind'];
  readonly component: Reader | Transformer | Writer;
}[] {
  return [
    ...[...readers.values()].map((component) => ({ kind: 'reader' as const, component })),
    ...[...transformers.values()].map((component) => ({ kind: 'transformer' as const, component })),
    ...[...writers.values()].map((component) => ({ kind: 'writer' as const, component })),
  ];
}
