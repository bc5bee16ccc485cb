import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../src/errors.ts';
import { loadSettings, lookUpVariable } from '../src/settings.ts';
import { tempDir } from './support/temp-dir.ts';

/** No profile file of the machine that runs the tests. */
const noProfile = { TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };

function originOf(settings: ReturnType<typeof loadSettings>, name: string) {
  return settings.origins.find((origin) => origin.name === name);
}

describe('loadSettings', () => {
  it('falls back to the embedded default with everything below the working directory', () => {
    const cwd = tempDir();
    const settings = loadSettings(noProfile, cwd);
    expect(settings).toMatchObject({
      databaseUrl: undefined,
      temporal: undefined,
      namespace: 'default',
      home: join(cwd, '.vocab-sync'),
      spool: join(cwd, '.vocab-sync', 'spool'),
      plugins: [],
      allowedHosts: [],
      trustedHosts: [],
      logLevel: 'info',
      logFormat: 'auto',
      cacheDirectory: join(homedir(), '.cache', 'vocab-sync'),
    });
  });

  it('takes the environment over .env over the default, and says which it was', () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, '.env'), 'LOG_LEVEL=debug\nVOCAB_SYNC_SPOOL=from-file\n');
    const settings = loadSettings({ ...noProfile, LOG_LEVEL: 'warn' }, cwd);
    expect([settings.logLevel, settings.spool]).toEqual(['warn', join(cwd, 'from-file')]);
    expect(originOf(settings, 'LOG_LEVEL')).toEqual({ name: 'LOG_LEVEL', value: 'warn', from: 'environment' });
    expect(originOf(settings, 'VOCAB_SYNC_SPOOL')?.from).toBe('.env');
    expect(originOf(settings, 'LOG_FORMAT')).toEqual({ name: 'LOG_FORMAT', value: 'auto', from: 'default' });
  });

  it('names an .env that cannot be read', () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, '.env'));
    expect(() => loadSettings(noProfile, cwd)).toThrow(
      /^Expected .*\.env to be a file of settings that can be read: it is a directory/,
    );
  });

  it('knows which names are none of its own', () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, '.env'), 'LOG_LEVL=debug\nORCID_TOKEN=x\nLOG_LEVEL=warn\nTEMPORAL_NAMESPACE=n\n');
    const { otherNames } = loadSettings({ ...noProfile, VOCAB_SYNC_HOEM: 'x', HOME: '/x' }, cwd);
    expect(otherNames).toEqual(['LOG_LEVL', 'ORCID_TOKEN', 'VOCAB_SYNC_HOEM']);
  });

  it('takes an empty value for unset', () => {
    expect(loadSettings({ ...noProfile, DATABASE_URL: '', LOG_LEVEL: '' }, tempDir())).toMatchObject({
      databaseUrl: undefined,
      logLevel: 'info',
    });
  });

  it('splits lists', () => {
    const env = {
      ...noProfile,
      VOCAB_SYNC_PLUGINS: 'a, ./b.js,',
      VOCAB_SYNC_ALLOWED_HOSTS: 'zenodo.org,*.ror.org',
      VOCAB_SYNC_TRUSTED_HOSTS: 'files.lan:81,[fd00::1]',
    };
    expect(loadSettings(env, tempDir())).toMatchObject({
      plugins: ['a', './b.js'],
      allowedHosts: ['zenodo.org', '*.ror.org'],
      trustedHosts: ['files.lan:81', '[fd00::1]'],
    });
  });

  it('leaves the standard settings of Temporal to its own library', () => {
    const settings = loadSettings(
      {
        ...noProfile,
        TEMPORAL_ADDRESS: 'cloud:7233',
        TEMPORAL_NAMESPACE: 'vocabularies',
        TEMPORAL_API_KEY: 'sesame-1',
      },
      tempDir(),
    );
    expect(settings.namespace).toBe('vocabularies');
    expect(settings.temporal?.connectionOptions).toMatchObject({
      address: 'cloud:7233',
      apiKey: 'sesame-1',
      tls: true,
    });
  });

  it('masks secrets in what doctor shows', () => {
    const env = { ...noProfile, DATABASE_URL: 'postgresql://me:hidden@db/x', TEMPORAL_API_KEY: 'sesame-2' };
    const shown = JSON.stringify(loadSettings(env, tempDir()).origins);
    expect(shown).toContain('postgresql://me:***@db/x');
    expect(shown).not.toMatch(/hidden|sesame/);
  });

  it('names every unusable setting at once, with what was expected and found, without its secrets', () => {
    const env = {
      ...noProfile,
      DATABASE_URL: 'mysql://me:hidden@db/x',
      LOG_LEVEL: 'loud',
      VOCAB_SYNC_ALLOWED_HOSTS: 'https://zenodo.org/',
    };
    const load = () => loadSettings(env, tempDir());
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/DATABASE_URL in the environment: expected a URL such as .*postgresql:.*scheme/);
    expect(load).toThrow(/LOG_LEVEL in the environment: expected debug, info, warn or error, found "loud"/);
    expect(load).toThrow(/VOCAB_SYNC_ALLOWED_HOSTS in the environment: expected host names/);
    expect(load).not.toThrow(/hidden/);
  });

  it('bounds the memory of all steps, which leaves room for at least one', () => {
    const load = (step?: string, total?: string) => {
      const set = {
        ...(step && { VOCAB_SYNC_STEP_MEMORY: step }),
        ...(total && { VOCAB_SYNC_TOTAL_STEP_MEMORY: total }),
      };
      const { stepMemoryMegabytes, totalStepMemoryMegabytes } = loadSettings({ ...noProfile, ...set }, tempDir());
      return [stepMemoryMegabytes, totalStepMemoryMegabytes];
    };
    expect(load()).toEqual([256, 2048]);
    expect(load('2048')).toEqual([2048, 16_384]);
    expect(load('128', '512')).toEqual([128, 512]);
    expect(() => load('512', '300')).toThrow(
      'VOCAB_SYNC_TOTAL_STEP_MEMORY: expected at least VOCAB_SYNC_STEP_MEMORY, 512, found 300. No step could run.',
    );
    expect(() => load('100')).toThrow(/VOCAB_SYNC_STEP_MEMORY in the environment: expected megabytes .* at least 128/);
  });

  it('reports an unusable Temporal profile as a setting', () => {
    const cwd = tempDir();
    const file = join(cwd, 'temporal.toml');
    writeFileSync(file, '[profile.default]\nadress = "typo:7233"\n');
    expect(() => loadSettings({ TEMPORAL_CONFIG_FILE: file }, cwd)).toThrow(/TEMPORAL_\*: .*adress/s);
  });
});

describe('lookUpVariable', () => {
  it('finds what a $secret names in the environment and in .env', () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, '.env'), 'ORCID_TOKEN=from-file\n');
    expect(lookUpVariable('ORCID_TOKEN', {}, cwd)).toBe('from-file');
    expect(lookUpVariable('ORCID_TOKEN', { ORCID_TOKEN: 'from-environment' }, cwd)).toBe('from-environment');
    expect(lookUpVariable('OTHER', { OTHER: '' }, cwd)).toBeUndefined();
  });
});
