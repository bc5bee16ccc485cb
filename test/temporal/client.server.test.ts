import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { msToTs } from '@temporalio/common/lib/time.js';
import { temporal as proto } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { approveRun, cancelRun, runProgress } from '../../src/temporal/control-run.ts';
import { workflowStatus } from '../../src/temporal/run-status.ts';
import { ensureSearchAttributes, preflightSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import { connectWorker } from '../../src/temporal/worker-connection.ts';
import { VOCAB_JOB } from '../../workflows/search-attributes.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { describeWithTemporal, testTemporal } from '../support/temporal-server.ts';
import { until } from '../support/workflow-bench.ts';

describeWithTemporal('the client', () => {
  let temporal: TemporalClient;
  let address: string;
  beforeAll(async () => {
    ({ address } = await testTemporal());
    temporal = await connectTemporal({ connectionOptions: { address } });
  });
  afterAll(() => temporal.close());

  it('names a namespace that is not there', async () => {
    await expect(connectTemporal({ connectionOptions: { address }, namespace: 'nope' })).rejects.toMatchObject({
      code: 'E_SETTINGS_INVALID',
      message: expect.stringMatching(/nope.*TEMPORAL_NAMESPACE/) as string,
    });
  });

  it('connects directly, whatever proxy there is for sources', async () => {
    for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:9');
    const direct = await connectTemporal({ connectionOptions: { address } });
    await direct.close();
    vi.unstubAllEnvs();
  });

  it('waits for a server that accepts connections and answers late', async () => {
    const relay = await startLateRelay(address);
    const late = await connectTemporal({ connectionOptions: { address: relay.address } });
    await late.close();
    relay.close();
  });

  it('gives runs of one second ids of their own, and knows how they stand', async () => {
    const job = `job-${randomUUID()}`;
    const start = () =>
      startRun(temporal.client, {
        queue: 'nobody-polls',
        request: { job, trigger: 'manual', title: 'A <b>title</b>' },
        now: new Date('2026-11-21T11:33:55Z'),
      });
    const first = await start();
    const second = await start();
    expect(first.workflowId).toBe(`vocab-sync/${job}/20261121T113355Z`);
    expect(second.workflowId).toBe(`${first.workflowId}-2`);
    expect(await workflowStatus(temporal.client, first)).toBe('running');
    expect(await workflowStatus(temporal.client, { workflowId: first.workflowId, runId: randomUUID() })).toBe(
      'missing',
    );
    const description = await temporal.client.workflow.getHandle(first.workflowId).describe();
    expect(description.typedSearchAttributes.get(VOCAB_JOB)).toBe(job);
    await temporal.client.workflow.getHandle(first.workflowId).terminate('test');
    expect(await workflowStatus(temporal.client, first)).toBe('terminated');
    await expect(cancelRun(temporal.client, first, 'Ada')).rejects.toMatchObject({ code: 'E_RUN_STATE' });
    await temporal.client.workflow.getHandle(second.workflowId).terminate('test');
  });

  it('says so when no worker takes a decision', async () => {
    const run = await startRun(temporal.client, {
      queue: `nobody-${randomUUID()}`,
      request: { job: 'x', trigger: 'manual' },
    });
    const answers = await Promise.allSettled([approveRun(temporal.client, run, {}), runProgress(temporal.client, run)]);
    expect(answers).toMatchObject([{ reason: { code: 'E_NO_WORKER' } }, { reason: { code: 'E_NO_WORKER' } }]);
    await temporal.client.workflow.getHandle(run.workflowId).terminate('test');
  }, 60_000);

  it('finds missing search attributes, names the command, and registers them where it may', async () => {
    const namespace = `ns-${randomUUID()}`;
    const { connection } = temporal;
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    const check = await until('the namespace is there', () =>
      preflightSearchAttributes(connection, namespace).catch(() => undefined),
    );
    if (check.kind !== 'missing') throw new Error(`expected missing attributes, found ${check.kind}`);
    expect(check.command).toBe(
      `temporal operator search-attribute create --namespace ${namespace} --name VocabJob --type Keyword --name VocabPhase --type Keyword --name VocabOutcome --type Keyword --name VocabRecords --type Int --name VocabRejected --type Int`,
    );
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { VocabRejected: proto.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD },
    });
    const conflict = await until('the wrong type shows', async () => {
      const found = await preflightSearchAttributes(connection, namespace);
      return found.kind === 'conflict' ? found : undefined;
    });
    expect(conflict.message).toContain('VocabRejected is Keyword, expected Int');
    await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['VocabRejected'] });
    await until(
      'the attributes are registered',
      async () => (await ensureSearchAttributes(connection, namespace)).kind === 'ok',
    );
  });

  it('a worker finds them too', async () => {
    const native = await connectWorker({ connectionOptions: { address } }, silentLogger());
    expect(await preflightSearchAttributes(native, 'default')).toEqual({ kind: 'ok' });
    await native.close();
  });
});

describe('a server that is away', () => {
  it('is told within seconds, with its address', async () => {
    const address = `127.0.0.1:${String(await unusedPort())}`;
    const started = Date.now();
    const expected = { code: 'E_TEMPORAL_UNAVAILABLE', message: expect.stringContaining(address) as string };
    await expect(connectTemporal({ connectionOptions: { address } })).rejects.toMatchObject(expected);
    expect(Date.now() - started).toBeLessThan(8000);
    await expect(connectWorker({ connectionOptions: { address } }, silentLogger())).rejects.toMatchObject(expected);
  });
});

/** Passes nothing on until a second connection is made; from then on it passes everything. */
async function startLateRelay(address: string): Promise<{ readonly address: string; close(): void }> {
  const target = new URL(`tcp://${address}`);
  const open = new Set<Socket>();
  const waiting: Socket[] = [];
  const server = createServer((near) => {
    open.add(near.on('error', () => undefined));
    waiting.push(near);
    if (open.size === 1) return;
    for (const socket of waiting.splice(0)) {
      const far = connect(Number(target.port), target.hostname);
      open.add(far.on('error', () => undefined));
      socket.pipe(far).pipe(socket);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`, close };
}

function unusedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
