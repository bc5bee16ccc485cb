/** Where settings come from, which servers they choose, and names that look misspelt. */
import { remedyOf } from '../../errors.ts';
import { didYouMean, suggest } from '../../job/check/suggest.ts';
import { SETTING_NAMES, type Settings } from '../../settings.ts';
import { isDevHome } from '../../settings/env-files.ts';
import { describeMissing, missingServers } from '../servers/require-configured.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

export function lookAtSettings(settings: Settings): readonly DoctorFinding[] {
  return [
    lookAtServers(settings),
    ...lookAtServiceFile(settings),
    ...settings.otherNames.flatMap((name) => lookAtName(name)),
  ];
}

function lookAtServers(settings: Settings): DoctorFinding {
  const missing = missingServers(settings, { temporal: true });
  if (missing.length > 0) {
    return fail('servers', `E_NOT_CONFIGURED: ${describeMissing(settings, missing)}`, remedyOf('E_NOT_CONFIGURED'));
  }
  const { databaseUrl, temporal, home } = settings;
  const used = [
    ...(databaseUrl === undefined ? [] : [`DATABASE_URL from ${originOf(settings, 'DATABASE_URL')}`]),
    ...(temporal === undefined ? [] : [`Temporal from ${originOf(settings, 'TEMPORAL_ADDRESS')}`]),
    ...((databaseUrl === undefined || temporal === undefined) && isDevHome(home) ? [`the dev home ${home}`] : []),
  ];
  return ok('servers', used.join(', '));
}

function originOf({ origins }: Settings, name: string): string {
  const from = origins.find((origin) => origin.name === name)?.from;
  if (from === 'environment') return 'the environment';
  return from === undefined || from === 'default' ? 'the profile file of Temporal' : from;
}

function lookAtServiceFile({ serviceFile, home }: Settings): readonly DoctorFinding[] {
  if (serviceFile === undefined) return [];
  const { path, unused } = serviceFile;
  if (unused === 'unreadable') {
    const remedy = `Run as a user who may read it, or give --env-file with a copy that this user may read.`;
    return [warn('settings', `${path} exists, but this user may not read it: its settings are not used`, remedy)];
  }
  const remedy = `--env-file ${path} uses it.`;
  return [warn('settings', `${path} exists and is not used, because ${home} is the home of a dev`, remedy)];
}

/** A misspelt setting is not read, and its default would hide that. Other names may be secrets of jobs, or other programs'. */
function lookAtName(name: string): readonly DoctorFinding[] {
  const meant = suggest(name, SETTING_NAMES);
  if (meant === undefined && !name.startsWith('VOCAB_SYNC_')) return [];
  const text = `${name} is not a setting and is not read${didYouMean(meant)}`;
  return [warn('settings', text, 'Correct the name; leave it where a job reads it by $secret.')];
}
