/**
 * `npx tsx test/adversary/main.ts [NAME...]`: every payload on its own worker while a healthy job runs, as a table.
 * Needs a build. The healthy job must not notice, the other one must end with a code of its own, and memory is bounded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalDevServer } from '../../src/embedded/temporal-server.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { loadSettings } from '../../src/settings.ts';
import { TEST_SEARCH_ATTRIBUTES } from '../support/search-attributes.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { PAYLOADS } from './payloads.ts';
import { runPayload, type PayloadResult } from './run-payload.ts';

const wanted = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), 'vocab-sync-adversary-'));
const postgres = await startEmbeddedPostgres({ directory: join(home, 'postgres'), logger: silentLogger() });
const { temporalCliPath, cacheDirectory } = loadSettings();
const cli = await findTemporalCli({ temporalCliPath, cacheDirectory, say: console.error });
const temporal = await startTemporalDevServer({
  cliPath: cli.path,
  dbFile: join(home, 'temporal.db'),
  logFile: join(home, 'temporal.log'),
  searchAttributes: TEST_SEARCH_ATTRIBUTES,
});
const servers = {
  databaseUrl: postgres.url,
  temporalAddress: temporal.address,
  namespace: temporal.namespace,
  home,
};

function print(name: string, { ends, seconds, healthy, worker, all, pss }: PayloadResult, isExpected: boolean): void {
  const cells = [name, ends, seconds.toFixed(1), `${healthy.outcome} ${healthy.seconds.toFixed(1)}`, worker, all, pss];
  console.log(`| ${cells.map(String).join(' | ')} | ${isExpected ? 'ok' : 'UNEXPECTED'} |`);
}

try {
  await migrate(postgres.url);
  console.log(
    '| payload | ends with | seconds | healthy job, seconds | worker MB | with its processes MB | by PSS | |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  if (wanted.length === 0) {
    const alone = await runPayload(servers, undefined);
    print('none', alone, alone.healthy.outcome === 'success');
  }
  for (const payload of PAYLOADS) {
    if (wanted.length > 0 && !wanted.includes(payload.name)) continue;
    const result = await runPayload(servers, payload);
    print(payload.name, result, payload.ends.test(result.ends) && result.healthy.outcome === 'success');
  }
} finally {
  await temporal.stop();
  await postgres.stop('fast');
  postgres.remove();
  rmSync(home, { recursive: true, force: true });
}
