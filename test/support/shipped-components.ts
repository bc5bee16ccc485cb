/** Every component that comes with vocab-sync, imported. */
import { catalog } from '../../src/cli/catalog.ts';

export const readers = await catalog.readers.loadAll();
export const transformers = await catalog.transformers.loadAll();
export const writers = await catalog.writers.loadAll();
