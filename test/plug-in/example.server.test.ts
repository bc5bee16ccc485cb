/** The plug-in of docs/write-a-plug-in.md as a project of its own: type-checked strictly, tested, and used by a worker. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/records/run.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { PROJECT_ROOT } from '../support/source-files.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

const PROGRAM = join(PROJECT_ROOT, 'dist/src/cli/main.js');
let project: string;

beforeAll(() => {
  project = makeTempDir('vocab-sync-plug-in-');
  const page = readFileSync(join(PROJECT_ROOT, 'docs/write-a-plug-in.md'), 'utf8');
  for (const [, path = '', text = ''] of page.matchAll(/^```\w+ plug-in:(\S+)\n(.*?)^```$/gms)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  // In place of `npm install`: the packages that the project names.
  mkdirSync(join(project, 'node_modules', '@types'), { recursive: true });
  symlinkSync(PROJECT_ROOT, join(project, 'node_modules', 'vocab-sync'));
  for (const name of ['zod', 'typescript', '@types/node'])
    symlinkSync(join(PROJECT_ROOT, 'node_modules', name), join(project, 'node_modules', name));
});
afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: project, env: { PATH: process.env['PATH'], HOME: project, ...env }, timeout: 120_000 };
    const child = execFile(process.execPath, words, options, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe('the plug-in of the documentation', () => {
  it('builds in a strict project against the declarations of the package', async () => {
    const built = await run([join(PROJECT_ROOT, 'node_modules/typescript/bin/tsc')]);
    expect(built).toMatchObject({ status: 0, stdout: '' });
  });

  it('passes the checks of vocab-sync/testing', async () => {
    const tested = await run(['--test', '--test-reporter=tap', 'dist/index.test.js']);
    expect(tested, tested.stdout).toMatchObject({ status: 0 });
    expect(Number(/^# pass (\d+)$/m.exec(tested.stdout)?.[1])).toBeGreaterThan(20);
  });

  it('is known to check and preview', async () => {
    const env = { VOCAB_SYNC_PLUGINS: './dist/index.js' };
    writeFileSync(join(project, 'terms.tsv'), 'id\ten\nt1\tTree\nt2\nt3\tLeaf\n');
    expect((await run([PROGRAM, 'components', 'acme-board'], env)).stdout).toContain('Sent as a bearer token');
    expect(await run([PROGRAM, 'check', 'terms.json'], env)).toMatchObject({ status: 0 });
    expect(await run([PROGRAM, 'check', 'terms.json'])).toMatchObject({ status: 1 });
    const { stdout, stderr } = await run([PROGRAM, 'preview', 'terms.json'], env);
    expect(stdout.match(/"record"/g)).toHaveLength(2);
    expect(stdout + stderr).toContain('X_ACME_TSV_CELLS');
  });
});

describeWithServers('the plug-in of the documentation on a worker', () => {
  let database: TestDatabase;
  let worker: WorkerProcess;
  let server: Server;
  let env: Readonly<Record<string, string>>;
  const requests: string[] = [];
  let status = 200;

  beforeAll(async () => {
    database = await testDatabase();
    const { address, namespace } = await testTemporal();
    const queue = `plug-in-${String(process.pid)}-${String(Date.now())}`;
    server = createServer((request, response) => {
      requests.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`);
      response.writeHead(status).end('{"message": "as you say"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const home = join(project, 'home');
    mkdirSync(home);
    const plugins = { VOCAB_SYNC_PLUGINS: join(project, 'dist/index.js'), BOARD_TOKEN: 'a-token-of-the-test' };
    env = { ...plugins, DATABASE_URL: database.url, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    worker = await startWorkerProcess(
      { databaseUrl: database.url, temporalAddress: address, namespace, queue, home },
      plugins,
    );
    const job = JSON.parse(readFileSync(join(project, 'terms.json'), 'utf8')) as object;
    const readers = [{ type: 'file', args: { path: join(project, 'terms.tsv') } }, { type: 'acme-tsv' }];
    const { port } = server.address() as AddressInfo;
    const args = { url: `http://127.0.0.1:${String(port)}/terms`, token: { $secret: 'env:BOARD_TOKEN' } };
    writeFileSync(
      join(project, 'terms.json'),
      JSON.stringify({ ...job, readers, queue, writers: [{ type: 'acme-board', args }] }),
    );
  });
  afterAll(async () => {
    worker.signal('SIGTERM');
    await worker.exited;
    server.close();
    await database.drop();
  });

  const runJob = async (): Promise<RunReport> => {
    const { stdout, stderr } = await run([PROGRAM, 'run', 'terms.json', '--json'], env);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as RunReport;
  };

  it('publishes, with its own rejections in the report', async () => {
    const report = await runJob();
    expect(report).toMatchObject({ outcome: 'partial' });
    expect((await run([PROGRAM, 'rejections', report.run], env)).stdout).toContain('X_ACME_TSV_CELLS');
    expect(requests.toSorted()).toEqual([
      'PUT /terms/t1 Bearer a-token-of-the-test',
      'PUT /terms/t3 Bearer a-token-of-the-test',
    ]);
  });

  it('fails with its own code and words where it throws', async () => {
    status = 403;
    writeFileSync(join(project, 'terms.tsv'), 'id\ten\nt1\tTree\nt3\tLeaves\n');
    const report = await runJob();
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'X_ACME_BOARD_TOKEN' } });
    expect(report.error?.message).toContain('as you say');
  });
});
