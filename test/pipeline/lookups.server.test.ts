/** What transformers look up on the web: fetched with the source, one version for a run, a change like one of the source. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { createHttpService } from '../../src/http/create-http-service.ts';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import type { RunReport, RunSteps } from '../../src/pipeline/run-steps.ts';
import { buildZip } from '../support/build-zip.ts';
import { openTestEngine, readTable, runJobOnce, type RunOptions, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { startSourceServer, type SourceDump, type SourceServer } from '../support/source-server.ts';

const PROJECT = 'project-rcn-264556_en.xml';
const XML = readFileSync(fileURLToPath(new URL(`../fixtures/cordis/${PROJECT}`, import.meta.url)));
const ZIP = buildZip([{ name: PROJECT, content: XML }]);

const mapping = (ror: string): SourceDump => ({
  name: 'pic_mapping.csv',
  bytes: Buffer.from(`pic,ror_id,confidence,source\n999979888,${ror},high,openaire_direct\n`),
  date: '2026-09-01',
});

describeWithPostgres('the mapping of a transformer', () => {
  let test: TestEngine;
  let source: SourceServer;
  beforeEach(async () => {
    test = await openTestEngine();
    source = await startSourceServer({
      doi: '10.5281/zenodo.21345462',
      dumps: [mapping('04d836q62')],
      files: { '/data/cordis-HORIZONprojects-xml.zip': { name: 'projects.zip', bytes: ZIP } },
    });
    onTestFinished(() => source.close());
  });
  afterEach(async () => {
    await test.close();
  });

  const job = (readers?: readonly object[]): Record<string, unknown> => ({
    id: 'cordis',
    title: 'CORDIS',
    vocabulary: 'awards',
    readers: [
      ...(readers ?? [{ type: 'cordis-project-http', args: { origin: 'HE', base_url: source.url } }]),
      { type: 'zip', args: { regex: '\\.xml$' } },
      { type: 'xml', args: { root_element: 'project' } },
    ],
    transformers: [{ type: 'cordis-award', args: { pic_mapping_params: { base_url: source.url } } }],
    writers: [{ type: 'postgres', args: { table: 'awards', on_missing: 'withdraw' } }],
  });
  const run = (options: RunOptions = {}, config = job(), beforeStage?: () => void): Promise<RunReport> => {
    const http = createHttpService({
      spoolDirectory: join(test.directory, 'spool'),
      allowedHosts: [],
      userAgent: 'vocab-sync/0.0.0',
      logger: silentLogger(),
      timing: { connect: 2_000, stall: 400, retries: 0, pause: 5 },
    });
    const engine = { ...test.engine, services: { ...test.engine.services, http } };
    const steps = createRunSteps(engine);
    const stagePartition: RunSteps['stagePartition'] = (input, context) => {
      beforeStage?.();
      return steps.stagePartition(input, context);
    };
    return runJobOnce({ ...steps, stagePartition }, config, options);
  };
  const organizations = async (): Promise<unknown> =>
    (await readTable(test.pool, 'awards'))[0]?.record['organizations'];

  it('links what is published, and is known with the source before anything is downloaded', async () => {
    const first = await run();
    expect(first).toMatchObject({
      outcome: 'success',
      tasks: [{ source: { name: 'cordis-HORIZONprojects-xml.zip' } }],
    });
    expect(first.tasks[0]?.source).toMatchObject({ bytes: ZIP.length });
    expect(await organizations()).toEqual([{ id: '04d836q62' }]);
    const before = source.requests.length;
    expect((await run()).outcome).toBe('unchanged');
    const files = source.requests.slice(before).filter(({ place, method }) => place === 'file' && method === 'GET');
    expect(files).toEqual([]);
  });

  it('reads an unchanged source again when the mapping is another one', async () => {
    await run();
    source.publish(mapping('01ggx4157'));
    expect((await run()).tasks[0]?.targets[0]).toMatchObject({ updated: 1, unchanged: 0 });
    expect(await organizations()).toEqual([{ id: '01ggx4157' }]);
    expect((await run()).outcome).toBe('unchanged');
  });

  it('is one version for a run, whatever is published meanwhile', async () => {
    const publish = (): void => {
      source.publish(mapping('01ggx4157'));
    };
    expect((await run({}, job(), publish)).outcome).toBe('success');
    expect(await organizations()).toEqual([{ id: '04d836q62' }]);
    expect((await run()).tasks[0]?.targets[0]).toMatchObject({ updated: 1 });
  });

  it('stops a run while it cannot be reached, and changes nothing', async () => {
    await run();
    source.addFault({ at: 'landing', kind: 'status', status: 503 });
    await expect(run({ request: { force: true } })).rejects.toMatchObject({ code: 'E_SOURCE_UNAVAILABLE' });
    expect(await organizations()).toEqual([{ id: '04d836q62' }]);
  });

  it('is done without, and that is said, where the source came from a file of a machine without internet', async () => {
    source.addFault({ at: 'doi', kind: 'status', status: 503 });
    const path = test.file('projects.zip', ZIP);
    const report = await run({ request: { input: { path, name: 'projects.zip' } } });
    expect(report.outcome).toBe('success');
    expect(await organizations()).toEqual([{ name: 'TECHNISCHE UNIVERSITAET WIEN' }]);
  });

  it('must be in its record', async () => {
    source.replace({ ...mapping('04d836q62'), name: 'mapping.csv' });
    await expect(run()).rejects.toMatchObject({ code: 'E_SOURCE_AMBIGUOUS' });
  });
});
