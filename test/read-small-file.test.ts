import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJobText } from '../src/job/read-job-text.ts';
import { loadRecordSchemaFile } from '../src/job/schema/record-schema-file.ts';
import { readTableFile } from '../src/job/table-file.ts';
import { readSmallFile, readSmallFileSync } from '../src/read-small-file.ts';
import { loadSettings } from '../src/settings.ts';
import { composeSecrets } from '../src/cli/servers/compose-services.ts';
import { readCustomArgs } from '../src/cli/commands/run/compose-request.ts';
import { makeTempDir } from './support/make-temp-dir.ts';

let directory: string;
let server: Server;
const paths: Record<string, string> = { device: '/dev/zero' };

beforeAll(async () => {
  directory = makeTempDir('vocab-sync-small-');
  paths['fifo'] = join(directory, 'fifo');
  paths['directory'] = join(directory, 'folder');
  paths['socket'] = join(directory, 'socket');
  execFileSync('mkfifo', [paths['fifo']]);
  mkdirSync(paths['directory']);
  server = createServer();
  await new Promise<void>((resolve) => server.listen(paths['socket'], resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

/** What is thrown; the code, then the message. */
function thrownBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return `${String((error as { code?: unknown }).code)} ${(error as Error).message}`;
  }
  throw new Error('nothing was thrown');
}

describe('a small file', () => {
  it('is read whole, up to exactly the limit', async () => {
    const path = join(directory, 'exact');
    writeFileSync(path, 'x'.repeat(100_000));
    expect((await readSmallFile(path, 100_000)).length).toBe(100_000);
    expect(readSmallFileSync(path, 100_000).toString()).toBe('x'.repeat(100_000));
  });

  it('is refused one byte above the limit', async () => {
    const path = join(directory, 'above');
    writeFileSync(path, 'x'.repeat(101));
    await expect(readSmallFile(path, 100)).rejects.toMatchObject({ code: 'EFBIG' });
    expect(thrownBy(() => readSmallFileSync(path, 100))).toContain('101 bytes');
  });

  it.runIf(process.platform === 'linux')('is bounded by what is read where the size says nothing', () => {
    expect(readSmallFileSync('/proc/self/status', 100_000).length).toBeGreaterThan(100);
    expect(thrownBy(() => readSmallFileSync('/proc/self/status', 10))).toContain('EFBIG');
  });

  it('may be empty', () => {
    const path = join(directory, 'empty');
    writeFileSync(path, '');
    expect(readSmallFileSync(path, 10).length).toBe(0);
  });
});

// Each of these would wait for ever, or fill the memory, if it were opened and read like a file.
describe.each(['fifo', 'device', 'directory', 'socket'])('a %s', (kind) => {
  const path = (): string => paths[kind] ?? '';

  it('is refused by the helper', async () => {
    const code = kind === 'socket' ? 'ENXIO' : 'ENOTFILE';
    await expect(readSmallFile(path(), 100)).rejects.toMatchObject({ code });
    expect(thrownBy(() => readSmallFileSync(path(), 100))).toContain(code);
  });

  it('is refused as a look-up table', () => {
    expect(thrownBy(() => readTableFile(path()))).toMatch(/E_TABLE_INVALID|E_FILE_NOT_FOUND/);
  });

  it('is refused as a record schema', () => {
    expect(thrownBy(() => loadRecordSchemaFile(path()))).toMatch(/E_SCHEMA_INVALID|E_FILE_NOT_FOUND/);
  });

  it('is refused as a secret', () => {
    expect(thrownBy(() => composeSecrets(() => undefined)(`file:${path()}`))).toContain('E_SECRET_NOT_FOUND');
  });

  it('is refused as a job file', async () => {
    await expect(readJobText(path())).rejects.toMatchObject({
      code: expect.stringMatching(/E_JOB_INVALID|E_FILE_NOT_FOUND/) as string,
    });
  });

  it('is refused as custom args', async () => {
    await expect(readCustomArgs(`@${path()}`, '/')).rejects.toMatchObject({ code: 'E_FILE_NOT_FOUND' });
  });

  it('is refused as the profile of Temporal', () => {
    const thrown = thrownBy(() => loadSettings({ TEMPORAL_CONFIG_FILE: path() }, directory));
    expect(thrown).toContain('E_SETTINGS_INVALID');
  });
});

it('refuses a FIFO as .env', () => {
  const folder = join(directory, 'with-env');
  mkdirSync(folder);
  execFileSync('mkfifo', [join(folder, '.env')]);
  expect(thrownBy(() => loadSettings({}, folder))).toContain('E_SETTINGS_INVALID');
});
