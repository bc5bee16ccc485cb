import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitFiles, requireAllowedFile } from '../src/allowed-folders.ts';
import { loadRecordSchemaFile } from '../src/job/schema/record-schema-file.ts';
import { createSecretResolver } from '../src/job/secrets.ts';
import { readTableFile } from '../src/job/table-file.ts';
import { hashFile } from '../src/spool/hash-file.ts';
import { openFetched } from '../src/spool/file-resource.ts';
import { file } from '../writers/file.ts';
import { noApi, noS3 } from './support/no-services.ts';
import { silentLogger } from './support/silent-logger.ts';
import { tempDir } from './support/temp-dir.ts';

const REFUSED = expect.objectContaining({ code: 'E_FILE_NOT_ALLOWED' }) as Error;

describe('the folders that jobs may use', () => {
  let inside: string;
  let outside: string;
  let home: string;
  beforeEach(() => {
    const root = tempDir();
    [inside, outside, home] = ['in', 'out', 'home'].map((name) => join(root, name)) as [string, string, string];
    for (const folder of [inside, outside, `${inside}-not`, join(home, 'spool')])
      mkdirSync(folder, { recursive: true });
    for (const folder of [inside, outside, home, join(home, 'spool')])
      writeFileSync(join(folder, 'file.json'), '{"type": "object"}');
    symlinkSync(outside, join(inside, 'link'));
    symlinkSync(join(outside, 'file.json'), join(inside, 'link.json'));
    symlinkSync(inside, join(outside, 'back'));
    limitFiles({ folders: [inside, home], always: [join(home, 'spool')], never: [join(home, 'run-key')] });
  });
  afterEach(() => {
    limitFiles();
  });

  const refusal = (path: string) => () => {
    requireAllowedFile(path);
  };

  it('are used with everything in them, also what does not exist yet', () => {
    for (const name of ['file.json', 'new/deep/file.json', '..dots.json', 'a/../file.json'])
      expect(refusal(join(inside, name))).not.toThrow();
    expect(refusal(`${inside}/../in/file.json`)).not.toThrow();
    expect(refusal(join(outside, 'back', 'file.json'))).not.toThrow();
    expect(refusal(join(home, 'spool', 'file.json'))).not.toThrow();
  });

  it('are not left by "..", by a link to a file or a folder, or by a similar name', () => {
    const paths = [`${inside}/../out/file.json`, 'link/file.json', 'link.json', 'link/new.json', 'link/../out/x'];
    for (const path of paths) expect(refusal(path.startsWith('/') ? path : `${inside}/${path}`)).toThrow(REFUSED);
    for (const path of [`${inside}-not/x`, outside, '/etc/passwd', '/proc/self/root/etc/passwd', 'package.json'])
      expect(refusal(path)).toThrow(REFUSED);
  });

  it('never hold what belongs to vocab-sync itself, whichever folders are allowed', () => {
    expect(refusal(join(home, 'run-key'))).toThrow(/keys/);
    limitFiles({ folders: [], always: [], never: [home] });
    expect(refusal(join(home, 'servers', 'database.json'))).toThrow(REFUSED);
    expect(refusal(join(outside, 'file.json'))).not.toThrow();
  });

  it('hold for readers, writers, tables, schemas and secrets', async () => {
    const path = join(inside, 'link.json');
    const signal = new AbortController().signal;
    const target = file.args.parse({ path: join(inside, 'link', 'new.jsonl') });
    const context = { run: 'r', job: 'j', api: noApi, buckets: noS3.target, signal, logger: silentLogger() };
    const secrets = createSecretResolver({ env: {}, readFile: () => 'read' });
    await expect(hashFile(path, { signal })).rejects.toThrow(REFUSED);
    await expect(openFetched({ name: 'link.json', path })).rejects.toThrow(REFUSED);
    await expect(file.open(target, context)).rejects.toThrow(REFUSED);
    await expect(file.preflight?.(target, context)).rejects.toThrow(REFUSED);
    expect(() => readTableFile(path)).toThrow(REFUSED);
    expect(() => loadRecordSchemaFile(path)).toThrow(REFUSED);
    expect(() => secrets(`file:${path}`)).toThrow(REFUSED);
  });
});
