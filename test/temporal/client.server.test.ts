import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { msToTs } from '@temporalio/common/lib/time.js';
import { temporal as proto } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    await expect(cancelRun(temporal.client, first)).rejects.toMatchObject({ code: 'E_RUN_STATE' });
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
