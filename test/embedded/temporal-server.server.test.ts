import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { listeningPorts } from '../support/listening-ports.ts';
import { describeWithTemporal, startTemporal, testTemporal } from '../support/temporal-server.ts';

async function searchAttributesOf(address: string, namespace: string): Promise<readonly string[]> {
  const connection = await Connection.connect({ address });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return Object.keys(customAttributes);
  } finally {
    await connection.close();
  }
}

/** What a page of another origin can send without the browser asking first. 0: no answer in HTTP. */
function postAsForeignPage(port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ workflowType: { name: 'runJob' }, taskQueue: { name: 'foreign' } });
    const headers = { 'content-type': 'text/plain', origin: 'http://evil.example', host: 'evil.example' };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, timeout: 5000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', () => {
      resolve(0);
    });
    sent.on('timeout', () => sent.destroy());
    sent.end(body);
  });
}

describeWithTemporal('startTemporalDevServer', () => {
  // Only on Linux can the ports of a process be read without another program.
  it.skipIf(!existsSync('/proc/net/tcp'))('lets no web page start a workflow, whichever port it finds', async () => {
    const server = await startTemporal();
    onTestFinished(() => server.remove());
    const ports = listeningPorts(server.pid);
    expect(ports).toContain(Number(new URL(server.uiUrl).port));
    expect(ports).toContain(Number(server.address.split(':')[1]));
    const statuses: number[] = [];
    for (const port of ports) {
      for (const path of ['/api/v1/namespaces/default/workflows/foreign', '/namespaces/default/workflows/foreign'])
        statuses.push(await postAsForeignPage(port, path));
    }
    // The HTTP API is there and refuses; the Web UI wants its token; the others are no HTTP or serve nothing of this.
    expect(statuses).toContain(403);
    expect(statuses.filter((status) => ![0, 400, 403, 404, 415].includes(status))).toEqual([]);
    const connection = await Connection.connect({ address: server.address });
    onTestFinished(() => connection.close());
    const started = connection.workflowService.describeWorkflowExecution({
      namespace: server.namespace,
      execution: { workflowId: 'foreign' },
    });
    await expect(started).rejects.toThrow(/not found/i);
    expect((await fetch(server.uiUrl)).status).toBe(200);
  });

  it('answers with our search attributes and serves the Web UI', async () => {
    const { address, namespace, uiUrl } = await testTemporal();
    expect(await searchAttributesOf(address, namespace)).toEqual(expect.arrayContaining(['VocabJob', 'VocabRecords']));
    const page = await fetch(uiUrl);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
  });

  it('keeps its state over a kill and a start on the same ports', async () => {
    const server = await startTemporal();
    onTestFinished(() => server.remove());
    const connection = await Connection.connect({ address: server.address });
    onTestFinished(() => connection.close());
    await connection.workflowService.startWorkflowExecution({
      namespace: server.namespace,
      workflowId: 'kept',
      requestId: 'kept',
      workflowType: { name: 'nothing' },
      taskQueue: { name: 'nobody' },
    });
    await server.kill();
    await expect(fetch(server.uiUrl)).rejects.toThrow();
    await server.start();
    const described = await connection.workflowService.describeWorkflowExecution({
      namespace: server.namespace,
      execution: { workflowId: 'kept' },
    });
    expect(described.workflowExecutionInfo?.execution?.workflowId).toBe('kept');
  });
});
