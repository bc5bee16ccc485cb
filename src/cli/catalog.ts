/** The components that this installation knows: those that come with it, and those of plug-ins. */
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readers } from '../../readers/index.ts';
import { transformers } from '../../transformers/index.ts';
import { writers } from '../../writers/index.ts';
import { createCatalog, type Catalog } from '../component/catalog.ts';
import type { Reader } from '../component/reader.ts';
import type { Transformer } from '../component/transformer.ts';
import type { Writer } from '../component/writer.ts';
import { ConfigError, messageOf } from '../errors.ts';

export const catalog: Catalog = createCatalog({ readers, transformers, writers });

interface Plugin {
  readonly readers?: readonly Reader[];
  readonly transformers?: readonly Transformer[];
  readonly writers?: readonly Writer[];
}

/**
 * The catalog with plug-ins: npm modules or files (VOCAB_SYNC_PLUGINS) that export `readers`, `transformers` or
 * `writers`, each a list of definitions. Throws ConfigError E_SETTINGS_INVALID.
 */
export async function loadCatalog(plugins: readonly string[], cwd: string = process.cwd()): Promise<Catalog> {
  if (plugins.length === 0) return catalog;
  const loaded: Plugin[] = [];
  for (const name of plugins) loaded.push(await loadPlugin(name, cwd));
  try {
    return createCatalog({
      readers: [...readers, ...loaded.flatMap((plugin) => plugin.readers ?? [])],
      transformers: [...transformers, ...loaded.flatMap((plugin) => plugin.transformers ?? [])],
      writers: [...writers, ...loaded.flatMap((plugin) => plugin.writers ?? [])],
    });
  } catch (cause) {
    const message = `The plug-ins ${plugins.join(', ')} cannot be used together: ${messageOf(cause)}. Rename one of the components.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { cause });
  }
}

async function loadPlugin(name: string, cwd: string): Promise<Plugin> {
  let plugin: Plugin;
  try {
    const isFile = name.startsWith('.') || isAbsolute(name);
    const path = isFile ? resolve(cwd, name) : createRequire(join(cwd, 'plugin.js')).resolve(name);
    plugin = (await import(pathToFileURL(path).href)) as Plugin;
  } catch (cause) {
    const message = `The plug-in ${name} of VOCAB_SYNC_PLUGINS cannot be loaded: ${messageOf(cause)}. Correct its name or path.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { cause, details: { plugin: name } });
  }
  for (const kind of ['readers', 'transformers', 'writers'] as const) {
    const list: unknown = plugin[kind];
    if (list === undefined || (Array.isArray(list) && list.every(isDefinition))) continue;
    const message = `The plug-in ${name} exports "${kind}", but not as a list of definitions with type, version, summary, examples and args, a schema of zod 4.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { details: { plugin: name } });
  }
  return plugin;
}

function isDefinition(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!['type', 'version', 'summary', 'examples'].every((key) => key in value)) return false;
  // What every schema of zod 4 carries; one of zod 3, or a plain object, would fail in the middle of a command.
  return 'args' in value && typeof value.args === 'object' && value.args !== null && '_zod' in value.args;
}
