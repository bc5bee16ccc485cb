import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admissionOf, signerOf } from '../../src/cli/servers/run-key.ts';
import { loadSettings } from '../../src/settings.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';

const KEY = '0123456789abcdef0123456789abcdef';

describe('what a run may bring', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = makeTempDir();
  });
  afterEach(() => {
    rmSync(cwd, { recursive: true, force: true });
  });
  const settings = (env: Readonly<Record<string, string>> = {}) => loadSettings(env, cwd);
  const withTemporal = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const keyFile = (text: string): string => {
    const path = join(cwd, 'key');
    writeFileSync(path, text);
    return path;
  };

  it('has to be signed with the key of the home where Temporal is embedded', () => {
    const first = admissionOf(settings());
    expect(first.mayBring).toBe('signed');
    expect(admissionOf(settings())).toEqual(first);
    expect(statSync(join(cwd, '.vocab-sync/run-key')).mode & 0o777).toBe(0o600);
    expect(signerOf(settings())).toBeDefined();
  });

  it('is anything with a configured Temporal, until there is a key', () => {
    expect(admissionOf(settings(withTemporal))).toEqual({ mayBring: 'anything' });
    expect(signerOf(settings(withTemporal))).toBeUndefined();
    const signed = settings({ ...withTemporal, VOCAB_SYNC_RUN_KEY_FILE: keyFile(`${KEY}\n`) });
    expect(admissionOf(signed)).toEqual({ mayBring: 'signed', key: Buffer.from(KEY) });
    expect(signerOf(signed)).toBeDefined();
  });

  it('is what the settings say', () => {
    for (const mayBring of ['nothing', 'anything'])
      expect(admissionOf(settings({ VOCAB_SYNC_RUNS_MAY_BRING: mayBring }))).toEqual({ mayBring });
    expect(() => settings({ VOCAB_SYNC_RUNS_MAY_BRING: 'all' })).toThrow(/nothing, signed or anything/);
  });

  it('refuses a key that cannot be used, and names the setting or the file', () => {
    const signed = { ...withTemporal, VOCAB_SYNC_RUNS_MAY_BRING: 'signed' };
    const refusal = (env: Readonly<Record<string, string>>) => () => admissionOf(settings(env));
    const invalid = (text: string) =>
      expect.objectContaining({
        code: 'E_SETTINGS_INVALID',
        message: expect.stringContaining(text) as string,
      }) as Error;
    expect(refusal(signed)).toThrow(invalid('VOCAB_SYNC_RUN_KEY_FILE'));
    mkdirSync(join(cwd, 'folder'));
    for (const [file, found] of [
      [keyFile('short'), '5 characters'],
      ['/dev/zero', 'not a regular file'],
      [join(cwd, 'folder'), 'not a regular file'],
      [join(cwd, 'missing'), 'cannot be read'],
    ] as const)
      expect(refusal({ ...signed, VOCAB_SYNC_RUN_KEY_FILE: file })).toThrow(invalid(found));
  });

  it('shows the path of the key file and never its text', () => {
    const path = keyFile(KEY);
    const { origins } = settings({ VOCAB_SYNC_RUN_KEY_FILE: path });
    expect(origins).toContainEqual({ name: 'VOCAB_SYNC_RUN_KEY_FILE', value: path, from: 'environment' });
    expect(JSON.stringify(origins)).not.toContain(KEY);
  });
});
