/**
 * Starts what the `server` project needs, once for a run: PostgreSQL (TEST_DATABASE_URL or the embedded one) with a
 * migrated template database, and a Temporal dev server. A server that cannot be had is told loudly; the files that
 * need it are skipped on a laptop and fail where CI is set.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { askPostgres } from '../../src/embedded/postgres-ready.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalDevServer } from '../../src/embedded/temporal-server.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { loadSettings } from '../../src/settings.ts';
import { TEST_SEARCH_ATTRIBUTES } from './search-attributes.ts';
import { silentLogger } from './silent-logger.ts';
import { makeTempDir } from './make-temp-dir.ts';

type Closers = (() => Promise<void>)[];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = makeTempDir('vocab-sync-test-');
  const closers: Closers = [];
  const tearDown = async () => {
    for (const close of closers.reverse()) await close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const [postgres, temporal] = await Promise.all([
      providePostgres(directory, closers).catch(reportMissing('PostgreSQL')),
      provideTemporal(directory, closers).catch(reportMissing('The Temporal dev server')),
    ]);
    project.provide('postgres', postgres);
    project.provide('temporal', temporal);
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

async function providePostgres(directory: string, closers: Closers) {
  const server = await openPostgres(directory, closers);
  const template = `vocab_sync_template_${randomBytes(4).toString('hex')}`;
  await askPostgres(server, `create database ${template}`);
  closers.push(async () => {
    await askPostgres(server, `drop database if exists ${template} with (force)`);
  });
  const url = new URL(server);
  url.pathname = `/${template}`;
  await migrate(url.href);
  return { url: server, template };
}

async function openPostgres(directory: string, closers: Closers): Promise<string> {
  const existing = process.env['TEST_DATABASE_URL'];
  if (existing !== undefined && existing !== '') return existing;
  const postgres = await startEmbeddedPostgres({
    directory: join(directory, 'postgres'),
    parameters: { fsync: 'off', max_connections: '300' },
    logger: silentLogger(),
  });
  closers.push(async () => {
    await postgres.stop('immediate');
    postgres.remove();
  });
  return postgres.url;
}

async function provideTemporal(directory: string, closers: Closers) {
  const cli = await findTemporalCli({
    ...loadSettings(),
    say: (line) => {
      console.error(line);
    },
  });
  const server = await startTemporalDevServer({
    cliPath: cli.path,
    searchAttributes: TEST_SEARCH_ATTRIBUTES,
    logFile: join(directory, 'temporal.log'),
  });
  closers.push(() => server.stop());
  return { address: server.address, namespace: server.namespace, uiUrl: server.uiUrl, cliPath: cli.path };
}

function reportMissing(what: string): (error: unknown) => { missing: string } {
  return (error) => {
    if (process.env['CI'] !== undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`\n*** ${what} cannot be had, the tests that need it are SKIPPED: ${reason}\n`);
    return { missing: reason };
  };
}
