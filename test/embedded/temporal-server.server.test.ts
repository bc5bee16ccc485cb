import { Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
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

describeWithTemporal('startTemporalDevServer', () => {
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
