import type { Catalog } from '../../src/component/catalog.ts';
import { silentLogger } from './silent-logger.ts';

/** A transformer of the catalog with its default args, as a plain function. */
export async function createTransform(catalog: Catalog, type: string): Promise<(value: unknown) => unknown> {
  const transformer = await catalog.transformers.load(type);
  if (transformer === undefined) throw new Error(`no transformer ${type}`);
  const transform = transformer.create(transformer.args.parse({}), { logger: silentLogger() });
  return (value) => transform(value, { origin: () => '', warn: () => undefined });
}
