/** The engine against a real database, step by step and without Temporal. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCatalog } from '../../src/component/catalog.ts';
import { catalog as testCatalog, shipped } from '../../src/cli/catalog.ts';
import type { Reader } from '../../src/component/reader.ts';
import type { ApiService, Services } from '../../src/component/services.ts';
import type { Transformer } from '../../src/component/transformer.ts';
import type { Writer } from '../../src/component/writer.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import type { Engine } from '../../src/pipeline/engine.ts';
import type { PublishInput, RunReport, RunRequest, RunSteps, StepContext } from '../../src/pipeline/run-steps.ts';

import { loadRecordSchema } from '../../src/job/schema/record-schema.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { createSpool } from '../../src/spool/create-spool.ts';
import { makeTempDir } from './make-temp-dir.ts';
import { noApi, noBundles, noHttp, noS3, noSftp } from './no-services.ts';
import { testDatabase } from './postgres.ts';
import { silentLogger } from './silent-logger.ts';

export { testCatalog };

export interface TestEngine {
  readonly engine: Engine;
  readonly steps: RunSteps;
  readonly pool: Pool;
  readonly url: string;
  readonly directory: string;
  /** Workflow ids that `holderState` takes for closed. */
  readonly closed: Set<string>;
  /** One attempt to publish, as Temporal makes it. */
  publish(input: PublishInput): Promise<unknown>;
  /** Writes a file and answers its path. */
  file(name: string, content: string | Buffer): string;
  close(): Promise<void>;
}

interface TestComponents {
  readonly readers?: readonly Reader[];
  readonly transformers?: readonly Transformer[];
  readonly writers?: readonly Writer[];
}

/** `more` are the test's own components, in addition to all that are registered. */
export async function openTestEngine(
  url?: string,
  more: TestComponents & {
    readonly cutting?: Engine['cutting'];
    readonly pauses?: Engine['pauses'];
    readonly api?: ApiService;
    readonly services?: Partial<Services>;
    readonly resolveSecret?: Engine['resolveSecret'];
  } = {},
): Promise<TestEngine> {
  const database = url === undefined ? await testDatabase() : undefined;
  const directory = makeTempDir('vocab-sync-engine-');
  const pool = openPool({ url: url ?? database?.url ?? '' });
  const closed = new Set<string>();
  const logger = silentLogger();
  const engine: Engine = {
    pool,
    catalog: createCatalog({ shipped, plugins: [more] }),
    services: {
      http: noHttp,
      api: more.api ?? noApi,
      s3: noS3,
      sftp: noSftp,
      bundles: noBundles,
      spool: createSpool(join(directory, 'spool')),
      logger,
      ...more.services,
    },
    logger,
    resolveSecret: more.resolveSecret ?? ((reference) => reference),
    recordCheck: loadRecordSchema,
    holderState: (workflowId) => Promise.resolve(closed.has(workflowId) ? 'closed' : 'open'),
    webUi: () => null,
    ...(more.cutting === undefined ? {} : { cutting: more.cutting }),
    ...(more.pauses === undefined ? {} : { pauses: more.pauses }),
  };
  const steps = createRunSteps(engine);
  return {
    engine,
    steps,
    publish: (input) => steps.publishTarget(input, stepContext()),
    pool,
    url: url ?? database?.url ?? '',
    directory,
    closed,
    file(name, content) {
      const path = join(directory, name);
      writeFileSync(path, content);
      return path;
    },
    async close() {
      await pool.end();
      await database?.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function stepContext(signal: AbortSignal = new AbortController().signal): StepContext {
  return { signal, onProgress: () => undefined };
}

/** A job of one task that reads JSON lines from `path` into a table of its own. */
export function linesJob(path: string, overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: 'lines',
    title: 'Lines',
    readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
    transformers: [],
    writers: [{ type: 'postgres', args: { table: 'lines', on_missing: 'withdraw' } }],
    ...overrides,
  };
}

export interface RunOptions {
  readonly run?: string;
  readonly request?: Partial<RunRequest>;
  /** What to do when guards trip; without it the run is discarded. */
  readonly approve?: boolean;
  /** In place of one call of `publishTarget` for each target that receives changes. */
  readonly publish?: (input: PublishInput) => Promise<unknown>;
}

/** A whole run, as the workflow would do it. */
export async function runJobOnce(
  steps: RunSteps,
  config: Readonly<Record<string, unknown>>,
  options: RunOptions = {},
): Promise<RunReport> {
  const run = options.run ?? randomUUID();
  const context = stepContext();
  const job = String(config['id']);
  const request: RunRequest = { job, trigger: 'manual', config: JSON.stringify(config), ...options.request };
  const resolved = await steps.resolveRun({ run, workflowId: `vocab-sync/${job}/${run}`, request }, context);
  if (resolved.kind === 'inactive') throw new Error(`skipped: ${resolved.reason}`);
  if (resolved.kind === 'skipped') throw new Error(`skipped: held by ${resolved.holder.run}`);
  try {
    for (const { name: task } of resolved.tasks) {
      const fetched = await steps.fetchSource({ run, task }, context);
      if (fetched.kind === 'unchanged') continue;
      for (const partition of fetched.partitions) await steps.stagePartition({ run, task, partition }, context);
      const compared = await steps.compareTargets({ run, task }, context);
      if (compared.trips.length > 0 && options.approve !== true) {
        return await steps.finishRun({ run, outcome: 'discarded', decision: { by: 'test' } }, context);
      }
      const applied = await steps.applyChanges({ run, task, planDigest: compared.planDigest }, context);
      for (const target of applied.publications ?? []) {
        await (options.publish ?? ((input) => steps.publishTarget(input, context)))({ run, task, target });
      }
    }
    return await steps.finishRun({ run, outcome: 'ended' }, context);
  } catch (error) {
    const failure = { code: String((error as { code?: unknown }).code), message: (error as Error).message };
    await steps.finishRun({ run, outcome: 'failed', error: failure }, context);
    throw error;
  }
}

/** A rollback as a run of its own, for targets that receive changes. */
export async function undoRunOnce(
  steps: RunSteps,
  job: string,
  undoes: string,
  request: Partial<RunRequest> = {},
): Promise<RunReport> {
  const run = randomUUID();
  const whole: RunRequest = { job, trigger: 'manual', mode: 'rollback', undoes, ...request };
  await steps.resolveRun({ run, workflowId: `vocab-sync/${job}/${run}`, request: whole }, stepContext());
  try {
    const { tasks } = await steps.undoRun({ run }, stepContext());
    for (const { name: task, publications = [] } of tasks) {
      for (const target of publications) await steps.publishTarget({ run, task, target }, stepContext());
    }
    return await steps.finishRun({ run, outcome: 'ended' }, stepContext());
  } catch (error: unknown) {
    await steps.finishRun({ run, outcome: 'failed' }, stepContext());
    throw error;
  }
}

export interface PublishedRow {
  readonly id: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly withdrawn: boolean;
}

export async function readTable(pool: Pool, table: string): Promise<readonly PublishedRow[]> {
  const { rows } = await pool.query<PublishedRow>(
    `SELECT id, record, withdrawn_at IS NOT NULL AS withdrawn FROM vocabularies."${table}" ORDER BY id COLLATE "C"`,
  );
  return rows;
}
