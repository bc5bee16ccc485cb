/**
 * ORCID end to end: the public data file first, then only what changed since, from the buckets of a real S3 server,
 * through real workers into a real database. The job is the shipped one, but for the address of the buckets.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import type { RunReport } from '../../src/records/run.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startCliWorker, type CliWorker } from '../cli/start-cli-worker.ts';
import { runWords } from '../cli/run-words.ts';
import { buildTar } from '../support/build-tar.ts';
import { readTable } from '../support/engine.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { lastModifiedList, LIST, orcidIds, orcidXml, SUMMARIES, summaryKey } from '../support/orcid-buckets.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startVersityGateway, type TestBuckets } from '../support/versity-gateway.ts';

const buckets = await startVersityGateway();

const CERN = { name: 'CERN', ror: '01ggx4157' };
const ids = orcidIds(42);
const [moved = '', same = '', renamed = '', gone = '', office = '', fresh = '', second = '', closed = '', locked = ''] =
  ids.slice(30);
const inDump = ids.filter((id) => id !== fresh && id !== second);

const person = (id: string): string => orcidXml(id, { given: 'Ada', family: `Number ${id === office ? '#1' : 'One'}` });
const lockedXml = (id: string): string =>
  `<?xml version="1.0"?><error:error xmlns:error="http://www.orcid.org/ns/error"><error:response-code>409</error:response-code><error:developer-message>409 Conflict: The ORCID record is locked and cannot be edited. ORCID https://orcid.org/${id}</error:developer-message><error:error-code>9018</error:error-code></error:error>`;
/** As in the list: UTC without saying so. */
const listed = (time: Date): string => time.toISOString().replace('T', ' ').replace('Z', '');
const after = (report: RunReport, milliseconds: number): string =>
  listed(new Date(Date.parse(report.started_at) + milliseconds));

const describeHere = buckets === undefined ? describe.skip : describeWithServers;

describeHere('ORCID, from its public data file on', () => {
  const queue = `orcid-${String(process.pid)}-${String(Date.now())}`;
  const cwd = makeTempDir('vocab-sync-orcid-');
  let database: TestDatabase;
  let pool: Pool;
  let temporal: TemporalClient;
  let worker: CliWorker;
  let env: Readonly<Record<string, string>>;
  let load: RunReport;
  const workflows: string[] = [];

  const s3 = (): TestBuckets => {
    if (buckets === undefined) throw new Error('no S3 server');
    return buckets;
  };
  beforeAll(async () => {
    const keys = { ORCID_ACCESS_KEY: s3().accessKey, ORCID_SECRET_KEY: s3().secretKey };
    // The worker is given its variables; its step processes inherit those of this process.
    Object.assign(process.env, keys);
    const server = await testTemporal();
    database = await testDatabase();
    env = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
    pool = openPool({ url: database.url });
    temporal = await connectTemporal({ connectionOptions: { address: server.address }, namespace: server.namespace });
    worker = await startCliWorker({ ...env, ...keys }, cwd, queue);
    await s3().createBucket(LIST.bucket);
    await s3().createBucket(SUMMARIES);
    writeFileSync(join(cwd, 'orcid-names.json'), JSON.stringify(jobConfig()));
    const dump = inDump.map((id) => ({ name: `ORCID_2024_01_summaries/${summaryKey(id)}`, content: person(id) }));
    writeFileSync(join(cwd, 'dump.tar.gz'), gzipSync(buildTar(dump)));
  });
  afterAll(async () => {
    delete process.env['ORCID_ACCESS_KEY'];
    delete process.env['ORCID_SECRET_KEY'];
    await worker.stop();
    await temporal.close();
    await pool.end();
    await database.drop();
    await buckets?.stop();
    rmSync(cwd, { recursive: true, force: true });
  });

  /** The list is as new as it can be here, so that no overlap hides what the watermark does. */
  const jobConfig = (): unknown => {
    const path = join(findPackageRoot(), 'config', 'jobs', 'orcid-names.json');
    const { since_overlap: _, ...job } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly since_overlap: unknown;
      readonly readers: readonly { readonly args: object }[];
    };
    const [source, ...others] = job.readers;
    const there = { endpoint: s3().endpoint, region: 'us-east-1', connections: 4 };
    return { ...job, guards: {}, readers: [{ ...source, args: { ...source?.args, ...there } }, ...others] };
  };
  const run = async (...more: readonly string[]): Promise<RunReport> => {
    const words = ['run', join(cwd, 'orcid-names.json'), '--queue', queue, '--json', ...more];
    const { stdout, stderr } = await runWords(words, { cwd, env });
    if (stdout === '') throw new Error(stderr);
    const report = JSON.parse(stdout) as RunReport;
    workflows.push(report.workflow_id);
    return report;
  };
  const names = async (): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> =>
    new Map((await readTable(pool, 'names')).map(({ id, record }) => [id, record]));

  it('loads the public data file, without those whose name is none', async () => {
    const readers = [
      { type: 'file', args: { path: join(cwd, 'dump.tar.gz') } },
      { type: 'tar', args: { regex: '\\.xml$', mode: 'r|gz' } },
      { type: 'xml', args: { root_element: 'record' } },
    ];
    load = await run('--custom-args', JSON.stringify({ readers }));
    expect(load).toMatchObject({ outcome: 'success', error: null });
    expect(load.tasks[0]).toMatchObject({
      counts: { read: 40, filtered: 1, rejected: 0, duplicates: 0, staged: 39 },
      targets: [{ inserted: 39 }],
    });
    expect((await names()).has(office)).toBe(false);
  });

  it('then fetches only what is newer, and updates only what changed', async () => {
    const newer: readonly (readonly [string, string])[] = [
      [moved, orcidXml(moved, { given: 'Ada', family: 'Number One', employer: CERN })],
      [same, person(same)],
      [renamed, orcidXml(renamed, { given: 'Ada', family: 'Lovelace' })],
      [fresh, orcidXml(fresh, { given: 'Tim', family: 'Berners-Lee', employer: CERN })],
    ];
    const hidden: readonly (readonly [string, string])[] = [
      [closed, orcidXml(closed, { given: 'Given Names Deactivated', family: 'Family Name Deactivated' })],
      [locked, lockedXml(locked)],
    ];
    for (const [id, xml] of [...newer, ...hidden]) await s3().put(SUMMARIES, summaryKey(id), xml);
    const rows = [
      ...[...newer, ...hidden].map(([id], i) => ({ id, modified: after(load, 10 - i) })),
      { id: gone, modified: after(load, 1) },
      ...ids.slice(0, 30).map((id) => ({ id, modified: after(load, -1) })),
    ];
    await s3().put(LIST.bucket, LIST.key, lastModifiedList(rows));
    const before = await names();
    const report = await run();
    expect(report).toMatchObject({ outcome: 'partial', error: null, since: load.started_at });
    expect(report.tasks[0]).toMatchObject({
      source: { version: new Date(Date.parse(load.started_at) + 10).toISOString() },
      counts: { read: 7, filtered: 2, rejected: 1, duplicates: 0, staged: 4 },
      targets: [{ inserted: 1, updated: 2, unchanged: 1, withdrawn: 2 }],
    });
    const published = await names();
    const changed = [...published].filter(([id, record]) => JSON.stringify(before.get(id)) !== JSON.stringify(record));
    expect(changed.map(([id]) => id).sort()).toEqual([moved, renamed, fresh].sort());
    expect(published.get(moved)?.['affiliations']).toEqual([{ id: CERN.ror, name: CERN.name }]);
    expect(published.get(renamed)?.['family_name']).toBe('Lovelace');
  });

  it('withdraws people whose records ORCID no longer shows, and nobody else', async () => {
    const rows = await readTable(pool, 'names');
    expect(rows.filter(({ withdrawn }) => withdrawn).map(({ id }) => id)).toEqual([closed, locked].sort());
  });

  it('rejects the record that is not there with its iD', async () => {
    const { stdout } = await runWords(['rejections', 'orcid-names@latest', '--json'], { cwd, env });
    const { rejections } = JSON.parse(stdout) as { rejections: readonly Record<string, unknown>[] };
    expect(rejections).toMatchObject([
      {
        code: 'E_RECORD_UNAVAILABLE',
        message: expect.stringMatching(new RegExp(`^The record ${gone} could not be fetched: .*404 \\(NoSuchKey\\)`)),
        origin: `orcid-data-sync:${gone}.xml > xml:0`,
      },
    ]);
  });

  it('finds nothing new where the list is the one of the last run', async () => {
    const report = await run();
    expect(report).toMatchObject({ outcome: 'unchanged', error: null });
    expect(Date.parse(report.since ?? '')).toBeGreaterThan(Date.parse(load.started_at));
  });

  it('leaves out people by names_exclude_regex', async () => {
    const since = new Date();
    await s3().put(SUMMARIES, summaryKey(second), orcidXml(second, { given: 'Excluded', family: 'By Name' }));
    const rows = [second, fresh].map((id) => ({ id, modified: listed(since) }));
    await s3().put(LIST.bucket, LIST.key, lastModifiedList(rows));
    const customArgs = { transformers: { orcid: { names_exclude_regex: 'Excluded' } } };
    const report = await run('--since', since.toISOString(), '--custom-args', JSON.stringify(customArgs));
    expect(report.tasks[0]).toMatchObject({
      counts: { read: 2, filtered: 1, rejected: 0 },
      targets: [{ inserted: 0, updated: 0, unchanged: 1 }],
    });
  });

  it('keeps the credentials out of the history, the ledger and the spool', async () => {
    expect(workflows).toHaveLength(4);
    for (const id of workflows) {
      const history = historyToJSON(await temporal.client.workflow.getHandle(id).fetchHistory());
      const payloads = [...history.matchAll(/"data":\s*"([^"]*)"/g)].map(([, data = '']) =>
        Buffer.from(data, 'base64').toString(),
      );
      expect(payloads.join('\n')).toContain('orcid-names');
      expect([history, ...payloads].join('\n')).not.toContain(s3().secretKey);
    }
    const { rows } = await pool.query<{ ledger: string }>(
      `SELECT string_agg(query_to_xml('SELECT * FROM vocab_sync.' || quote_ident(table_name), true, false, '')::text, '') AS ledger
       FROM information_schema.tables WHERE table_schema = 'vocab_sync'`,
    );
    expect(rows[0]?.ledger).toContain('ORCID_SECRET_KEY');
    expect(rows[0]?.ledger).not.toContain(s3().secretKey);
  });
});
