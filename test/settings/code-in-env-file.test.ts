import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { forgetPostgresVariables, loadSettings } from '../../src/settings.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runWords } from '../cli/run-words.ts';

const DOTENV = 'VOCAB_SYNC_PLUGINS=./evil.mjs\nTEMPORAL_CLI_PATH=./evil\nXDG_CACHE_HOME=.\nLOG_LEVEL=warn\n';
const NAMES = ['VOCAB_SYNC_PLUGINS', 'TEMPORAL_CLI_PATH', 'XDG_CACHE_HOME'];

describe('settings that name code', () => {
  it('are not read from the .env of the working directory, and that is said', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, '.env'), DOTENV);
    writeFileSync(join(cwd, 'evil.mjs'), 'throw new Error("the plug-in was executed")');
    const settings = loadSettings({}, cwd);
    expect(settings).toMatchObject({ plugins: [], temporalCliPath: undefined, logLevel: 'warn' });
    expect(settings.ignoredInEnvFile).toEqual(NAMES);
    const { stderr } = await runWords(['components'], { cwd });
    expect(stderr).toContain('VOCAB_SYNC_PLUGINS');
    expect(stderr).not.toContain('was executed');
  });

  it('are read from the environment, and from a file that is given', () => {
    const cwd = tempDir();
    const file = join(cwd, 'settings.env');
    writeFileSync(file, DOTENV);
    for (const settings of [
      loadSettings({ VOCAB_SYNC_PLUGINS: './evil.mjs' }, cwd),
      loadSettings({}, cwd, { envFile: file }),
    ])
      expect(settings).toMatchObject({ plugins: ['./evil.mjs'], ignoredInEnvFile: [] });
  });
});

describe('the variables of PostgreSQL', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it('are forgotten for the embedded server, all but a password that a job may name', () => {
    Object.assign(process.env, { PGSSLMODE: 'require', PGOPTIONS: '-c x=y', PGHOST: 'elsewhere', PGPASSWORD: 'kept' });
    forgetPostgresVariables();
    expect(Object.keys(process.env).filter((name) => name.startsWith('PG'))).toEqual(['PGPASSWORD']);
  });
});
