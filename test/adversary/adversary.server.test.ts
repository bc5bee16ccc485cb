/** A quick subset of the adversary harness: `npx tsx test/adversary/main.ts` runs all of it. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { PAYLOADS } from './payloads.ts';
import { runPayload } from './run-payload.ts';

const MOST_MEGABYTES = 512;

describeWithServers('a worker that is given a source made to harm it', () => {
  let database: TestDatabase;
  const home = makeTempDir('vocab-sync-adversary-');
  beforeAll(async () => {
    if (!existsSync(join(import.meta.dirname, '../../dist/src/cli/main.js')))
      throw new Error('run `npm run build` first');
    database = await testDatabase();
  });
  afterAll(async () => {
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  it.each(PAYLOADS.filter(({ isQuick }) => isQuick === true))(
    'ends $name with a code of its own, and the job beside it well',
    async (payload) => {
      const { address: temporalAddress, namespace } = await testTemporal();
      const result = await runPayload({ databaseUrl: database.url, temporalAddress, namespace, home }, payload);
      expect(result.ends).toMatch(payload.ends);
      expect(result.healthy.outcome).toBe('success');
      // What the worker and its processes hold together, shared pages counted once.
      expect(result.pss).toBeLessThan(MOST_MEGABYTES);
    },
    300_000,
  );
});
