import { rmSync } from 'node:fs';
import { Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireServers, type AcquiredServers, type AcquireServersOptions } from '../../src/embedded/dev-home.ts';
import { askPostgres } from '../../src/embedded/postgres-ready.ts';
import { loadSettings } from '../../src/settings.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';

let cwd: string;
let said: string[];
const acquired: AcquiredServers[] = [];

beforeEach(() => {
  cwd = makeTempDir();
  said = [];
});

afterEach(async () => {
  for (const servers of acquired.splice(0).reverse()) await servers.release();
  rmSync(cwd, { recursive: true, force: true });
});

async function acquire(
  env: Record<string, string>,
  options: Partial<Pick<AcquireServersOptions, 'need' | 'role'>> = {},
): Promise<AcquiredServers> {
  const servers = await acquireServers({
    settings: loadSettings({ TEMPORAL_CONFIG_FILE: '/nonexistent', ...env }, cwd),
    need: { database: true, temporal: true },
    role: 'command',
    searchAttributes: { VocabJob: 'Keyword' },
    logger: silentLogger(),
    say: (line) => said.push(line),
    ...options,
  });
  acquired.push(servers);
  return servers;
}

describe('acquireServers with configured servers', () => {
  it('uses them as they are and starts nothing', async () => {
    const servers = await acquire({ DATABASE_URL: 'postgresql://db/x', TEMPORAL_ADDRESS: 'temporal:7233' });
    expect(servers).toMatchObject({
      databaseUrl: 'postgresql://db/x',
      temporalAddress: 'temporal:7233',
      webUi: undefined,
      ownsWorker: false,
    });
    expect(said).toEqual([]);
  });
});

describeWithPostgres('acquireServers with the embedded database', () => {
  const onlyDatabase = { need: { database: true, temporal: false } };

  it('keeps the data of one command for the next, on the same port', async () => {
    const first = await acquire({}, onlyDatabase);
    await askPostgres(first.databaseUrl ?? '', 'create table kept as select 1 as one');
    await first.release();
    acquired.pop();
    const second = await acquire({}, onlyDatabase);
    expect(second.databaseUrl).toBe(first.databaseUrl);
    expect(await askPostgres(second.databaseUrl ?? '', 'select one from kept')).toEqual({ one: 1 });
    expect(said).toEqual([
      expect.stringMatching(/^PostgreSQL runs on port/),
      expect.stringMatching(/^PostgreSQL runs/),
    ]);
  });
});

describeWithServers('acquireServers with both embedded servers', () => {
  it('lets a second command use the servers of a dev, whose worker it relies on', async () => {
    const { cliPath } = await testTemporal();
    const dev = await acquire({ TEMPORAL_CLI_PATH: cliPath }, { role: 'dev' });
    const command = await acquire({ TEMPORAL_CLI_PATH: cliPath });
    expect(command).toMatchObject({
      databaseUrl: dev.databaseUrl,
      temporalAddress: dev.temporalAddress,
      webUi: dev.webUi,
      ownsWorker: false,
    });
    const connection = await Connection.connect(command.temporal?.connectionOptions);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: command.namespace,
    });
    await connection.close();
    expect(customAttributes).toHaveProperty('VocabJob');
    expect((await fetch(dev.webUi ?? '')).status).toBe(200);
    expect(said.join('\n')).toMatch(/Temporal 1\.\d+\.\d+ runs on 127\.0\.0\.1:\d+, its Web UI on http:/);
  });

  it('runs a worker of its own beside the servers of another command', async () => {
    const { cliPath } = await testTemporal();
    const first = await acquire({ TEMPORAL_CLI_PATH: cliPath });
    const second = await acquire({ TEMPORAL_CLI_PATH: cliPath });
    expect([first.ownsWorker, second.ownsWorker]).toEqual([true, true]);
  });
});
