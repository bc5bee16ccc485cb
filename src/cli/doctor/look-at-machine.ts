/** Node, the spool and its disk. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { Settings } from '../../settings.ts';
import { formatBytes } from '../render/format-number.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

const OLDEST_NODE = [20, 19] as const;
/** A dump, what it unpacks to, and room for the next one: OpenAIRE's largest is far above, ROR's far below. */
const LITTLE_SPACE = 2_000_000_000;

export async function lookAtMachine({ spool }: Settings): Promise<readonly DoctorFinding[]> {
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
