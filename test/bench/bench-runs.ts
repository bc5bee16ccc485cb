/** Runs of a config, started over a connection that stays open: what is measured is the run and no command. */
import type { RunReport, RunRequest } from '../../src/records/run.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import type { BenchServers } from './servers.ts';

export interface BenchRuns {
  /** Waits for the end. `seconds` is what the ledger says: from the row of the run to its end. */
  run(
    config: Readonly<Record<string, unknown>>,
    request?: Partial<RunRequest>,
  ): Promise<{ readonly report: RunReport; readonly seconds: number }>;
  close(): Promise<void>;
}

export async function openBenchRuns({ env }: Pick<BenchServers, 'env'>): Promise<BenchRuns> {
  const temporal = await connectTemporal({ connectionOptions: { address: env['TEMPORAL_ADDRESS'] ?? '' } });
  return {
    async run(config, request = {}) {
      const job = String(config['id']);
      const { workflowId } = await startRun(temporal.client, {
        queue: 'vocab-sync',
        request: { job, trigger: 'manual', config: JSON.stringify(config), ...request },
      });
      const report = await temporal.client.workflow.getHandle<typeof runJob>(workflowId).result();
      return { report, seconds: (Date.parse(report.finished_at ?? '') - Date.parse(report.started_at)) / 1000 };
    },
    close: () => temporal.close(),
  };
}
