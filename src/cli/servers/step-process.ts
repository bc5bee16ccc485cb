/**
 * The program of a step process: the composition root of an engine without Temporal. compose-worker.ts forks this file by
 * its path, dist/src/cli/servers/step-process.js, so a bundle of the command line must leave it where it is.
 */
import { z } from 'zod';
import { loadRecordSchema } from '../../job/schema/record-schema.ts';
import { serveSteps } from '../../isolation/serve-steps.ts';
import { fetchForRun } from '../../pipeline/fetch/fetch-rejected.ts';
import type { Engine } from '../../pipeline/engine.ts';
import { stagePartition } from '../../pipeline/stage/stage-partition.ts';
import { lookUpVariable } from '../../settings.ts';
import { openPool } from '../../postgres/pool.ts';
import { loadCatalog } from '../catalog.ts';
import { composeSecrets, composeServices } from './compose-services.ts';

/** One step at a time: a connection reads, one writes, and one cancels. */
const CONNECTIONS = 4;

// As in run-program.ts.
z.config({ jitless: true });
serveSteps(async ({ settings, databaseUrl, cwd, memory }, { logger, onSecret }) => {
  const envFile = settings.envFile === undefined ? {} : { envFile: settings.envFile };
  const resolve = composeSecrets((name) => lookUpVariable(name, undefined, cwd, envFile), logger);
  const pool = openPool({ url: databaseUrl, applicationName: 'vocab-sync step', max: CONNECTIONS });
  // Connected before the first step comes. If that fails, the step connects again and reports why it cannot.
  pool.query('SELECT').catch(() => undefined);
  const engine: Engine = {
    pool,
    catalog: await loadCatalog(settings, cwd),
    logger,
    services: { ...composeServices(settings, logger), memoryBytes: memory.mostBytes },
    resolveSecret: (reference) => {
      const secret = resolve(reference);
      onSecret(secret);
      return secret;
    },
    recordCheck: loadRecordSchema,
    holderState: () => Promise.reject(new Error('a step process knows no Temporal')),
    webUi: () => null,
  };
  return {
    fetchSource: (input, context) => fetchForRun(engine, input, context),
    stagePartition: (input, context) => stagePartition(engine, input, context),
  };
});
