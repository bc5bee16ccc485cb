/** Node, the spool and its disk. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { didYouMean, suggest } from '../../job/check/suggest.ts';
import type { Settings } from '../../settings.ts';
import { formatBytes } from '../render/format-number.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;
/** A dump, what it unpacks to, and room for the next one: OpenAIRE's largest is far above, ROR's far below. */
const LITTLE_SPACE = 2_000_000_000;

export async function lookAtMachine({ spool, origins, otherNames }: Settings): Promise<readonly DoctorFinding[]> {
  const known = origins.map(({ name }) => name);
  return [lookAtNode(), await lookAtSpool(spool), ...otherNames.flatMap((name) => lookAtName(name, known))];
}

/** A misspelt setting is not read, and its default would hide that. Other names may be secrets of jobs. */
function lookAtName(name: string, known: readonly string[]): readonly DoctorFinding[] {
  const meant = suggest(name, known);
  if (meant === undefined && !name.startsWith('VOCAB_SYNC_')) return [];
  const text = `${name} is no setting, and is not read as one${didYouMean(meant)}`;
  return [warn('settings', text, 'Correct the name; leave it where a job reads it by $secret.')];
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
    await mkdir(spool, { recursive: true });
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
