/** Commands in a directory without settings and without a `dev` home. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { runWords } from './run-words.ts';

const RUN = '01a1fe36-388a';
const COMMANDS = [
  ['runs'],
  ['show', RUN],
  ['changes', RUN],
  ['rejections', RUN],
  ['logs', RUN],
  ['history', 'affiliations', '02mhbdp94'],
  ['layers'],
  ['trace', RUN, '02mhbdp94'],
  ['approve', RUN],
  ['discard', RUN],
  ['cancel', RUN],
  ['terminate', RUN],
  ['rollback', RUN],
  ['retry-rejections', RUN],
  ['watermark', 'ror-affiliations'],
  ['schedule', 'ror-affiliations'],
  ['schedule', 'ror-affiliations', 'resume'],
  ['job', 'list'],
  ['job', 'show', 'ror-affiliations'],
  ['apply', 'ror-affiliations'],
  ['prune'],
  ['migrate'],
  ['run', 'ror-affiliations'],
  ['plan', 'ror-affiliations'],
];

describe('a command that needs servers', () => {
  it.each(COMMANDS.map((words) => [words.join(' '), words] as const))('%s creates none', async (_line, words) => {
    const cwd = tempDir();
    const { code, stdout, stderr } = await runWords(words, { cwd, env: { LOG_LEVEL: 'error' } });
    expect(stderr).toContain('E_NOT_CONFIGURED');
    expect(stderr).toContain('DATABASE_URL');
    expect(stderr).toContain('vocab-sync dev');
    expect([code, stdout, existsSync(join(cwd, '.vocab-sync'))]).toEqual([2, '', false]);
  });

  it('says that a database alone is not enough', async () => {
    const env = { LOG_LEVEL: 'error', DATABASE_URL: 'postgresql://h/db', TEMPORAL_ADRESS: 'h:7233' };
    const { stderr } = await runWords(['approve', RUN], { cwd: tempDir(), env });
    expect(stderr).toMatch(/E_NOT_CONFIGURED/);
    expect(stderr).toMatch(/TEMPORAL_ADRESS.*did you mean "TEMPORAL_ADDRESS"/);
  });

  it('reads --env-file before and after the command', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'own.env'), 'DATABASE_URL=postgresql://app:hunter2#x@h/db\n');
    for (const words of [
      ['--env-file', 'own.env', 'runs'],
      ['runs', '--env-file=own.env'],
    ]) {
      const { code, stderr } = await runWords(words, { cwd });
      expect(code).toBe(2);
      expect(stderr).toMatch(/E_SETTINGS_INVALID/);
      expect(stderr).toContain('own.env');
      expect(stderr).not.toContain('hunter2');
    }
    expect((await runWords(['runs', '--env-file'], { cwd })).stderr).toContain('E_USAGE');
  });
});

describe('doctor', () => {
  const findingsOf = async (cwd: string, env: Record<string, string>, files = {}) => {
    const { code, stdout } = await runWords(['doctor', '--json'], { cwd, env: { LOG_LEVEL: 'error', ...env }, files });
    const { findings } = JSON.parse(stdout) as {
      findings: { status: string; subject: string; message: string }[];
    };
    return { code, findings };
  };

  it('fails where nothing is configured, and creates nothing', async () => {
    const cwd = tempDir();
    const { code, findings } = await findingsOf(cwd, { TEMPORAL_ADRESS: 'h:7233' });
    expect(code).toBe(1);
    expect(findings).toContainEqual(
      expect.objectContaining({
        status: 'fail',
        subject: 'servers',
        message: expect.stringContaining('E_NOT_CONFIGURED') as string,
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        status: 'warn',
        subject: 'settings',
        message: expect.stringContaining('did you mean "TEMPORAL_ADDRESS"') as string,
      }),
    );
    expect(existsSync(join(cwd, '.vocab-sync', 'postgres'))).toBe(false);
  });

  it('names what is not set in one line, and what to do once', async () => {
    const { stdout } = await runWords(['doctor'], { cwd: tempDir(), env: { LOG_LEVEL: 'error' } });
    expect(stdout).toMatch(/\nNot set: DATABASE_URL, .*VOCAB_SYNC_PLUGINS/);
    expect(stdout).toMatch(/\nLOG_LEVEL +error +environment\n/);
    expect(stdout).not.toContain('(not set)');
    expect(stdout.match(/--env-file FILE/g)).toHaveLength(1);
  });

  it('says that a dev home comes before the settings file of the service', async () => {
    const cwd = tempDir();
    const serviceFile = join(cwd, 'service.env');
    writeFileSync(serviceFile, 'DATABASE_URL=postgresql://h/db\n');
    mkdirSync(join(cwd, '.vocab-sync', 'postgres'), { recursive: true });
    const { findings } = await findingsOf(cwd, {}, { serviceFile });
    expect(findings).toContainEqual(
      expect.objectContaining({ status: 'warn', message: expect.stringContaining(serviceFile) as string }),
    );
  });
});
