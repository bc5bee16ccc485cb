/** Checks this machine: Node, the spool and its disk, and the settings with their origins. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, remedyOf } from '../../errors.ts';
import { SETTING_NAMES, type Settings } from '../../settings.ts';
import { didYouMean, suggest } from '../../job/check/suggest.ts';
import { isDevHome } from '../../settings/env-files.ts';
import { formatBytes } from '../render/format-number.ts';
import { describeMissing, missingServers } from '../servers/require-configured.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;
/** A dump, what it unpacks to, and room for the next one: OpenAIRE's largest is far above, ROR's far below. */
const LITTLE_SPACE = 2_000_000_000;

export async function checkMachine({ spool }: Settings): Promise<readonly DoctorFinding[]> {
  return [lookAtNode(), await lookAtSpool(spool)];
}

function lookAtNode(): DoctorFinding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const found = `Node ${process.versions.node} on ${process.platform}-${process.arch}`;
  return fits
    ? ok('node', found)
    : fail('node', `Expected Node 20.19 or later, found ${found}.`, 'Install a current Node.');
}

async function lookAtSpool(spool: string): Promise<DoctorFinding> {
  const probe = join(spool, `doctor-${randomUUID()}`);
  try {
    await mkdir(spool, { recursive: true, mode: 0o700 });
    await writeFile(probe, '');
    const { bavail, bsize } = await statfs(spool);
    const free = bavail * bsize;
    const text = `${spool} can be written, ${formatBytes(free)} free`;
    return free < LITTLE_SPACE
      ? warn('spool', text, 'Large dumps need more: free space, or let VOCAB_SYNC_SPOOL name another disk.')
      : ok('spool', text);
  } catch (error) {
    return fail(
      'spool',
      `${spool} cannot be written: ${messageOf(error)}`,
      'Let VOCAB_SYNC_SPOOL name a directory that may be written.',
    );
  } finally {
    await rm(probe, { force: true });
  }
}

/** Where settings come from, which servers they choose, and names that look misspelt. */
export function checkSettings(settings: Settings): readonly DoctorFinding[] {
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

/**
 * A misspelt setting is not read, and its default would hide that. Other names may be secrets of jobs, or other
 * programs'.
 */
function lookAtName(name: string): readonly DoctorFinding[] {
  const meant = suggest(name, SETTING_NAMES);
  if (meant === undefined && !name.startsWith('VOCAB_SYNC_')) return [];
  const text = `${name} is not a setting and is not read${didYouMean(meant)}`;
  return [warn('settings', text, 'Correct the name; leave it where a job reads it by $secret.')];
}
