import type { Catalog } from '../../src/component/catalog.ts';
import { silentLogger } from './silent-logger.ts';

/** A transformer of the catalog with its default args, as a plain function. */
export function createTransform(catalog: Catalog, type: string): (value: unknown) => unknown {
  const transformer = catalog.transformers.get(type);
  if (transformer === undefined) throw new Error(`no transformer ${type}`);
  const transform = transformer.create(transformer.args.parse({}), { logger: silentLogger() });
  return (value) => transform(value, { origin: () => '', warn: () => undefined });
}
