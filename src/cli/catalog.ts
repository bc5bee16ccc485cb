/** The components that this installation knows: those that come with it, and those of plug-ins. */
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readers } from '../../readers/index.ts';
import { transformers } from '../../transformers/index.ts';
import { writers } from '../../writers/index.ts';
import { createCatalog, type Catalog, type Definitions } from '../component/catalog.ts';
import { faultsOfPlugin } from './plug-in-faults.ts';
import { ConfigError, messageOf } from '../errors.ts';
import type { Settings } from '../settings.ts';

export const shipped = { readers, transformers, writers };

export const catalog: Catalog = createCatalog({ shipped });

/**
 * The catalog of this installation: with plug-ins, and with the targets that logical names are bound to. Throws ConfigError
 * E_SETTINGS_INVALID.
 */
export async function loadCatalog(
  { plugins, targetsFile }: Pick<Settings, 'plugins' | 'targetsFile'>,
  cwd: string = process.cwd(),
): Promise<Catalog> {
  const components = await loadComponents(plugins, cwd);
  if (targetsFile === undefined) return components;
  const { loadTargets } = await import('./load-targets.ts');
  return { ...components, targets: await loadTargets(targetsFile, components) };
}

/**
 * Plug-ins are npm modules or files (VOCAB_SYNC_PLUGINS) that export `readers`, `transformers` or `writers`, each a list of
 * definitions.
 */
async function loadComponents(plugins: readonly string[], cwd: string): Promise<Catalog> {
  if (plugins.length === 0) return catalog;
  const loaded: Definitions[] = [];
  for (const name of plugins) loaded.push(await loadPlugin(name, cwd));
  try {
    return createCatalog({ shipped, plugins: loaded });
  } catch (cause) {
    const message = `The plug-ins ${plugins.join(', ')} cannot be used together: ${messageOf(cause)}. Rename one of the components.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { cause });
  }
}

async function loadPlugin(name: string, cwd: string): Promise<Definitions> {
  let plugin: Definitions;
  try {
    const isFile = name.startsWith('.') || isAbsolute(name);
    const path = isFile ? resolve(cwd, name) : createRequire(join(cwd, 'plugin.js')).resolve(name);
    plugin = (await import(pathToFileURL(path).href)) as Definitions;
  } catch (cause) {
    const message = `The plug-in ${name} of VOCAB_SYNC_PLUGINS cannot be loaded: ${messageOf(cause)}. Correct its name or path, or the plug-in itself.`;
    throw new ConfigError('E_SETTINGS_INVALID', message, { cause, details: { plugin: name } });
  }
  const faults = faultsOfPlugin(plugin);
  if (faults.length === 0) return plugin;
  const message = `The plug-in ${name} of VOCAB_SYNC_PLUGINS cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
  throw new ConfigError('E_SETTINGS_INVALID', message, { details: { plugin: name, faults } });
}
