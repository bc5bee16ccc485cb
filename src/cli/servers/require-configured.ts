/**
 * Which servers a command may use: those of its settings, or those of a `dev` home that exists. Without this check a command
 * in the wrong directory would create an empty database and report that there is nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { didYouMean, suggest } from '../../job/check/suggest.ts';
import { SETTING_NAMES, type Settings } from '../../settings.ts';
import { isDevHome } from '../../settings/env-files.ts';
import type { Terminal } from '../terminal.ts';

/** Tells which of two places counts where both could be meant. */
export function noteServiceFile({ serviceFile, home }: Settings, terminal: Pick<Terminal, 'say'>): void {
  if (serviceFile?.unused !== 'dev home') return;
  const { path } = serviceFile;
  terminal.say(`note: uses the servers of ${home}, not those of ${path}; --env-file ${path} chooses the latter`);
}

/** Throws ConfigError E_NOT_CONFIGURED. */
export function requireConfigured(settings: Settings, need: { readonly temporal: boolean }): void {
  const missing = missingServers(settings, need);
  if (missing.length > 0) throw notConfigured(settings, missing);
}

/** The names of the settings that are missing where no `dev` home makes up for them. */
export function missingServers(settings: Settings, need: { readonly temporal: boolean }): readonly string[] {
  const { databaseUrl, temporal, home } = settings;
  const hasHome = isDevHome(home);
  return [
    ...(databaseUrl === undefined && !hasHome ? ['DATABASE_URL'] : []),
    // A configured database belongs to a deployment: only a home that has had a Temporal of its own completes it.
    ...(need.temporal && temporal === undefined && !(databaseUrl === undefined ? hasHome : hasTemporal(home))
      ? ['TEMPORAL_ADDRESS']
      : []),
  ];
}

/** What was looked at. What to do is the remedy of E_NOT_CONFIGURED. */
export function describeMissing(settings: Settings, missing: readonly string[]): string {
  const { home, serviceFile, envFile, otherNames } = settings;
  const isUnreadable = serviceFile?.unused === 'unreadable';
  const looked = [
    `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} set neither in the environment nor in ${envFile ?? '.env'}`,
    `${home} is not the home of a \`vocab-sync dev\``,
    ...(isUnreadable ? [`${serviceFile.path} exists, but this user may not read it`] : []),
  ];
  const names = otherNames.flatMap(misspelt).map((sentence) => ` ${sentence}`);
  return `No servers are configured for this command: ${looked.join('; ')}.${names.join('')} Nothing was started.`;
}

function notConfigured(settings: Settings, missing: readonly string[]): ConfigError {
  return new ConfigError('E_NOT_CONFIGURED', describeMissing(settings, missing), {
    details: { missing, home: settings.home },
  });
}

function hasTemporal(home: string): boolean {
  return existsSync(join(home, 'servers', 'temporal.json'));
}

function misspelt(name: string): string[] {
  const meant = suggest(name, SETTING_NAMES);
  return meant === undefined ? [] : [`${name} is set, but is not a setting${didYouMean(meant)}`];
}
