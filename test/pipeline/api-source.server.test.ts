/** An API that needs a token and changes while it is read: which records are published and which are withdrawn. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiItems, offsets, startApiServer, type ApiServer } from '../support/api-server.ts';
import { fetchContext, offsetArgs } from '../support/api-reader.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

describeWithPostgres('an API that changes while it is read', () => {
  let test: TestEngine;
  let server: ApiServer;
  beforeEach(async () => {
    const { http, bundles } = fetchContext().services;
    test = await openTestEngine(undefined, { services: { http, bundles } });
    server = await startApiServer(offsets, apiItems(25));
  });
  afterEach(async () => {
    await server.close();
    await test.close();
  });

  const sync = (args: object = {}) => {
    const headers = { authorization: { $secret: 'env:TOKEN' } };
    const readers = [{ type: 'http-api', args: offsetArgs(server, { headers, ...args }) }];
    return runJobOnce(test.steps, linesJob('', { readers }));
  };
  const remove = (): void => {
    server.items = server.items.slice(1);
  };
  const there = async (): Promise<number> =>
    (await readTable(test.pool, 'lines')).filter(({ withdrawn }) => !withdrawn).length;

  it('is read again, and what is gone is withdrawn', async () => {
    await sync();
    expect(server.requests[0]?.headers.authorization).toBe('env:TOKEN');
    server.faults.push(undefined, { kind: 'before', run: remove });
    const report = await sync();
    expect(report).toMatchObject({ outcome: 'success', tasks: [{ targets: [{ withdrawn: 1, inserted: 0 }] }] });
    expect(await there()).toBe(24);
  });

  it('withdraws nothing where the job accepts it, until it is read whole', async () => {
    await sync({ on_shift: 'accept' });
    server.faults.push(undefined, { kind: 'before', run: remove });
    const report = await sync({ on_shift: 'accept' });
    expect(report).toMatchObject({
      outcome: 'partial',
      tasks: [{ counts: { rejected: 1 }, targets: [{ withdrawn: 0 }] }],
    });
    expect(await there()).toBe(25);
    expect(await sync({ on_shift: 'accept' })).toMatchObject({
      outcome: 'success',
      tasks: [{ targets: [{ withdrawn: 1 }] }],
    });
  });

  it('publishes nothing where it never keeps still', async () => {
    await sync();
    for (let i = 0; i < 3; i++) server.faults.push(undefined, { kind: 'before', run: remove }, undefined);
    await expect(sync()).rejects.toMatchObject({ code: 'E_SOURCE_INCOMPLETE' });
    expect(await there()).toBe(25);
  });
});
