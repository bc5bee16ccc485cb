import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { restrictHome } from '../../src/embedded/restrict-home.ts';
import { tempDir } from '../support/temp-dir.ts';

const modeOf = (...path: string[]): number => statSync(join(...path)).mode & 0o777;

describe.skipIf(process.platform === 'win32')('the rights of a home', () => {
  it('are closed for a new one', () => {
    const home = join(tempDir(), 'home');
    restrictHome(home);
    expect(modeOf(home) & 0o066).toBe(0);
    for (const name of ['servers', 'temporal', 'spool']) expect(modeOf(home, name)).toBe(0o700);
  });

  it('are restricted for one of an earlier release', () => {
    const home = join(tempDir(), 'home');
    mkdirSync(join(home, 'spool', 'downloads'), { recursive: true, mode: 0o755 });
    writeFileSync(join(home, 'spool', 'downloads', 'dump.zip'), '', { mode: 0o644 });
    restrictHome(home);
    expect(modeOf(home, 'spool', 'downloads')).toBe(0o700);
    expect(modeOf(home, 'spool', 'downloads', 'dump.zip')).toBe(0o600);
  });
});
