/** A target that receives changes, from the command line: run, trouble, rollback. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunReport } from '../../src/records/run.ts';
import { restArgsFor, startRestServer, type RestServer } from '../support/rest-server.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

describeWithServers('a job that publishes into an interface', () => {
  let bench: CliBench;
  let server: RestServer;
  beforeAll(async () => {
    bench = await openCliBench();
    await bench.worker();
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    server = await startRestServer();
    return () => server.close();
  });

  const publish = (id: string, records: Readonly<Record<string, string>>, code: number): Promise<RunReport> => {
    bench.lines(
      Object.entries(records)
        .map(([key, name]) => `${JSON.stringify({ id: key, name })}\n`)
        .join(''),
    );
    const args = {
      ...restArgsFor(server.url),
      on_missing: 'withdraw',
    };
    bench.write(id, { writers: [{ type: 'rest', args }] });
    return bench.cli(['run', id, '--json']).then(({ code: found, stdout, stderr }) => {
      expect([found, stderr]).toEqual([code, expect.anything()]);
      return JSON.parse(stdout) as RunReport;
    });
  };
  const names = (): unknown => Object.fromEntries([...server.records].map(([id, { name }]) => [id, name]).toSorted());

  it('publishes what changed, and rolls it back by a run that its worker follows', async () => {
    const id = bench.job('interface');
    await publish(id, { a: '1', b: '1' }, 0);
    const second = await publish(id, { a: '2', c: '1' }, 0);
    expect(names()).toEqual({ a: '2', c: '1' });
    const undone = await bench.json<RunReport>('rollback', second.run);
    expect(undone).toMatchObject({ mode: 'rollback', outcome: 'success', rolls_back: second.run });
    expect(names()).toEqual({ a: '1', b: '1' });
    expect(await bench.show(second.run)).toMatchObject({ rolled_back_by: undone.run });
  });

  it('has failed where the only target refuses everything, and names the reason', async () => {
    const id = bench.job('refusing');
    server.before = (_request, response) => {
      response.writeHead(403).end('{"message": "Permission denied."}');
      return true;
    };
    const report = await publish(id, { a: '1' }, 1);
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'E_TARGET_FORBIDDEN' } });
    const { stdout } = await bench.cli(['show', report.run]);
    expect(stdout).toContain('Permission denied');
    expect(stdout).toContain('0 of 1 changes');
    server.before = undefined;
    await publish(id, { a: '1' }, 0);
    expect(names()).toEqual({ a: '1' });
  });
});
