/** Who may start a run: what another user of the machine can do over gRPC with the dev server of `dev`. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { RunReport, RunRequest } from '../../src/records/run.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { runWords, type RunResult } from './run-words.ts';

describeWithServers('who may start a run of `dev`', () => {
  let cwd: string;
  let env: Readonly<Record<string, string>>;
  let client: Client;
  let connection: Connection;
  let stop: () => Promise<RunResult>;
  let count = 0;

  const cli = (...words: readonly string[]): Promise<RunResult> => runWords(words, { cwd, env });
  const job = (id: string, source: string): Record<string, unknown> => ({
    id,
    title: id,
    readers: [{ type: 'file', args: { path: join(cwd, source) } }, { type: 'jsonl' }],
    transformers: [],
    writers: [{ type: 'file', args: { path: join(cwd, `${id}.out.jsonl`) } }],
  });
  const output = (id: string): string => join(cwd, `${id}.out.jsonl`);
  /** As `temporal workflow start` does it. */
  const startRaw = async (request: RunRequest, workflowId = `raw-${String((count += 1))}`): Promise<unknown> => {
    const options = { workflowId, taskQueue: 'vocab-sync', args: [request], workflowIdReusePolicy: 'ALLOW_DUPLICATE' };
    const handle = await client.workflow.start('runJob', options as Parameters<typeof client.workflow.start>[1]);
    return handle.result().catch((thrown: unknown) => (thrown as { readonly cause: unknown }).cause);
  };
  const refused = { type: 'E_RUN_NOT_ALLOWED' };

  beforeAll(async () => {
    cwd = makeTempDir();
    const temporal = inject('temporal');
    env = { LOG_LEVEL: 'error', ...('missing' in temporal ? {} : { TEMPORAL_CLI_PATH: temporal.cliPath }) };
    writeFileSync(join(cwd, 'secret.jsonl'), '{"id": "a", "secret": true}\n');
    mkdirSync(join(cwd, 'jobs'));
    for (const id of ['stored', 'inline'])
      writeFileSync(join(cwd, 'jobs', `${id}.json`), JSON.stringify(job(id, 'secret.jsonl')));
    let interrupt = (): void => undefined;
    let ready = (): void => undefined;
    const started = new Promise<void>((resolve) => (ready = resolve));
    const dev = runWords(['dev'], {
      cwd,
      env,
      onInterruptible: (send) => {
        interrupt = send;
        ready();
      },
    });
    await Promise.race([started, dev]);
    const record = JSON.parse(readFileSync(join(cwd, '.vocab-sync/servers/temporal.json'), 'utf8')) as {
      readonly details: { readonly address: string };
    };
    connection = await Connection.connect({ address: record.details.address });
    client = new Client({ connection });
    stop = () => {
      interrupt();
      return dev;
    };
  });
  afterAll(async () => {
    await connection.close();
    await stop();
    rmSync(cwd, { recursive: true, force: true });
  });

  it('keeps a key that only this user can read', () => {
    expect(statSync(join(cwd, '.vocab-sync/run-key')).mode & 0o777).toBe(0o600);
  });

  it('refuses an inline config without a signature, and touches nothing', async () => {
    const config = JSON.stringify(job('stranger', 'secret.jsonl'));
    expect(await startRaw({ job: 'stranger', trigger: 'manual', config })).toMatchObject(refused);
    expect(await startRaw({ job: 'stranger', trigger: 'schedule', config, signature: 'x' })).toMatchObject(refused);
    expect(existsSync(output('stranger'))).toBe(false);
  });

  it('runs what the operator starts, and refuses its signature for anything else', async () => {
    const ran = await cli('run', join(cwd, 'jobs/inline.json'), '--json');
    const report = JSON.parse(ran.stdout) as RunReport;
    expect(report).toMatchObject({ outcome: 'success' });
    const stolen = await requestOf(report);
    expect(stolen.signature).toEqual(expect.any(String));
    expect(JSON.stringify(stolen)).not.toContain(readFileSync(join(cwd, '.vocab-sync/run-key'), 'utf8').trim());
    rmSync(output('inline'));
    expect(await startRaw(stolen)).toMatchObject(refused);
    const config = JSON.stringify(job('stranger', 'secret.jsonl'));
    expect(await startRaw({ ...stolen, config }, report.workflow_id)).toMatchObject(refused);
    // The same request under the same id, once the first run has ended.
    expect(await startRaw(stolen, report.workflow_id)).toMatchObject({
      ...refused,
      message: expect.stringContaining('earlier run') as string,
    });
    expect(existsSync(output('inline'))).toBe(false);
  });

  it('runs a stored job for everyone, but without custom args, arguments or an input file', async () => {
    expect(await cli('apply', 'jobs/stored.json')).toMatchObject({ code: 0 });
    const stored: RunRequest = { job: 'stored', trigger: 'manual' };
    expect(await startRaw(stored)).toMatchObject({ outcome: 'success' });
    const input = { path: join(cwd, 'secret.jsonl'), name: 'secret.jsonl' };
    const bringing: Partial<RunRequest>[] = [
      { customArgs: { guards: {} } },
      { args: { path: '/etc/shadow' } },
      { input },
    ];
    for (const more of bringing) expect(await startRaw({ ...stored, ...more })).toMatchObject(refused);
    const given = await cli('run', 'stored', '--custom-args', '{"title": "By hand"}', '--force', '--json');
    expect(JSON.parse(given.stdout)).toMatchObject({ title: 'By hand', error: null });
  });

  async function requestOf({ workflow_id: workflowId, run }: RunReport): Promise<RunRequest> {
    const history = await client.workflow.getHandle(workflowId, run).fetchHistory();
    const [payload] = history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as RunRequest;
  }
});
