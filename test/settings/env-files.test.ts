import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings.ts';
import { tempDir } from '../support/temp-dir.ts';

const noProfile = { TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };
const SERVICE = 'DATABASE_URL=postgresql://service:pw@db/service\nTEMPORAL_ADDRESS=temporal:7233\n';

function folder(files: Readonly<Record<string, string>>): string {
  const cwd = tempDir();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
}

describe('the settings file of the service', () => {
  it('is used where nothing else says which servers', () => {
    const cwd = folder({ service: SERVICE, '.env': 'LOG_LEVEL=debug\nTOKEN_OF_A_JOB=here\n' });
    const settings = loadSettings(noProfile, cwd, { serviceFile: join(cwd, 'service') });
    expect(settings.databaseUrl).toContain('@db/service');
    expect(settings.temporal?.connectionOptions.address).toBe('temporal:7233');
    expect(settings.logLevel).toBe('debug');
    expect(settings.origins.find(({ name }) => name === 'DATABASE_URL')?.from).toBe(join(cwd, 'service'));
    expect(settings.variable('TOKEN_OF_A_JOB')).toBe('here');
  });

  it.each([
    ['the environment', { DATABASE_URL: 'postgresql://own/own' }, {}],
    ['.env', {}, { '.env': 'DATABASE_URL=postgresql://own/own\n' }],
  ])('is not mixed with servers of %s', (_place, env, files) => {
    const cwd = folder({ service: SERVICE, ...files });
    const settings = loadSettings({ ...noProfile, ...env }, cwd, { serviceFile: join(cwd, 'service') });
    expect([settings.databaseUrl, settings.temporal]).toEqual(['postgresql://own/own', undefined]);
  });

  it('is not for dev and demo, nor for the home of a dev', () => {
    const cwd = folder({ service: SERVICE });
    const serviceFile = join(cwd, 'service');
    expect(loadSettings(noProfile, cwd, { serviceFile, hasOwnServers: true }).databaseUrl).toBeUndefined();
    mkdirSync(join(cwd, '.vocab-sync', 'postgres'), { recursive: true });
    const settings = loadSettings(noProfile, cwd, { serviceFile });
    expect(settings.databaseUrl).toBeUndefined();
    expect(settings.serviceFile).toEqual({ path: serviceFile, unused: 'dev home' });
  });

  it.skipIf(process.getuid?.() === 0)('is named where this user may not read it (as an ordinary user)', () => {
    const cwd = folder({ service: SERVICE });
    chmodSync(join(cwd, 'service'), 0);
    const { serviceFile } = loadSettings(noProfile, cwd, { serviceFile: join(cwd, 'service') });
    expect(serviceFile?.unused).toBe('unreadable');
  });
});

describe('--env-file', () => {
  it('is read in place of .env and the file of the service; the environment wins', () => {
    const cwd = folder({
      own: `${SERVICE}LOG_LEVEL=warn\n`,
      '.env': 'LOG_FORMAT=json\n',
      service: 'LOG_FORMAT=json\n',
    });
    const options = { envFile: 'own', serviceFile: join(cwd, 'service') };
    const settings = loadSettings({ ...noProfile, LOG_LEVEL: 'error' }, cwd, options);
    expect([settings.logFormat, settings.logLevel]).toEqual(['auto', 'error']);
    expect(settings.origins.find(({ name }) => name === 'DATABASE_URL')?.from).toBe(join(cwd, 'own'));
  });

  it('reads a file as systemd does', () => {
    const text = '# a comment\n; another\nexport A="quoted value"\nB=some#thing # more\n  C = x \nD=\n';
    const cwd = folder({ own: text });
    const { variable } = loadSettings(noProfile, cwd, { envFile: 'own' });
    expect(['A', 'B', 'C', 'D'].map(variable)).toEqual(['quoted value', 'some#thing # more', 'x', undefined]);
  });

  it('is an error where it cannot be read', () => {
    expect(() => loadSettings(noProfile, tempDir(), { envFile: 'missing' })).toThrow(/missing.*ENOENT/);
  });
});

describe('a # in .env', () => {
  it.each(['postgresql://app:hunter2#secret@h/db', 'postgresql://app:1234#secret@h/db'])(
    'that cuts %s is explained, and nothing is quoted',
    (url) => {
      const cwd = folder({ '.env': `DATABASE_URL=${url}\n` });
      expect(() => loadSettings(noProfile, cwd)).toThrow(/DATABASE_URL in \.env.*begins a comment.*%23/s);
      expect(() => loadSettings(noProfile, cwd)).not.toThrow(/hunter|secret|1234/);
    },
  );

  it.each(['LOG_LEVEL=debug # why', 'DATABASE_URL="postgresql://h/db" # why', 'DATABASE_URL=postgresql://h/db # why'])(
    'that begins a comment is fine: %s',
    (line) => {
      expect(() => loadSettings(noProfile, folder({ '.env': `${line}\n` }))).not.toThrow();
    },
  );
});

describe('misspelt names', () => {
  it('are not settings', () => {
    const env = { ...noProfile, TEMPORAL_ADRESS: 'x:7233', TEMPORAL_GRPC_META_X: 'y', TEMPORAL_NAMESPACE: 'n' };
    const settings = loadSettings(env, tempDir());
    expect(settings.otherNames).toEqual(['TEMPORAL_ADRESS']);
    expect(settings.origins.map(({ name }) => name)).not.toContain('TEMPORAL_ADRESS');
  });
});
