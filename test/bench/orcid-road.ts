/** The budget of names: a public data file of ORCID into PostgreSQL, held against unpacking the same file and no more. */
import { join } from 'node:path';
import { sharedData } from '../support/shared-data.ts';
import { growOrcid } from './grow-orcid.ts';
import { median, readPeakMegabytes, resetPeak, runCommand } from './measure.ts';
import { printBudget } from './print-budget.ts';
import type { BenchServers } from './servers.ts';

export interface OrcidRoad {
  readonly servers: BenchServers;
  /** `dist/src/cli/main.js`. */
  readonly cli: string;
  readonly directory: string;
  readonly rounds: number;
  readonly records?: number;
}

/** Full records in a second of InvenioRDM, INVENIO.md 8 of the design. */
const INVENIO = 90;

export async function benchOrcid({ servers, cli, directory, rounds, records = 500_000 }: OrcidRoad): Promise<void> {
  const from = sharedData('orcid', 'orcid_summaries_names_derived.tar.gz');
  if (from === undefined) return;
  const input = join(directory, 'ORCID_summaries.tar.gz');
  const bytes = await growOrcid({ from, records, out: input });
  const unpackings: number[] = [];
  const firsts: number[] = [];
  const sames: number[] = [];
  resetPeak(servers.workerPid);
  for (let round = 0; round < rounds; round++) {
    unpackings.push((await runCommand('bash', ['-c', 'tar -xzOf "$INPUT" > /dev/null'], { INPUT: input })).seconds);
    const customArgs = JSON.stringify({ writers: { postgres: { table: `bench_names_${String(Date.now())}` } } });
    const load = async () => {
      const args = ['run', 'orcid-names-dump', '--input', input, '--force', '--json', '--custom-args', customArgs];
      // Some people of the real records have no name, so the run is partial, and says so by its exit code.
      const { stdout } = await runCommand(
        'bash',
        ['-c', '"$@" || test $? = 3', 'run', process.execPath, cli, ...args],
        {
          ...servers.env,
        },
      );
      const report = JSON.parse(stdout) as { readonly started_at: string; readonly finished_at: string };
      return (Date.parse(report.finished_at) - Date.parse(report.started_at)) / 1000;
    };
    firsts.push(await load());
    sames.push(await load());
  }
  const peak = readPeakMegabytes(servers.workerPid);
  const [limit, first, same] = [unpackings, firsts, sames].map((seconds) => records / median(seconds)) as [
    number,
    number,
    number,
  ];
  const size = `${String(records)} records, ${(bytes / 1e6).toFixed(0)} MB unpacked, median of ${String(rounds)}`;
  console.log(
    `\nORCID names: ${size}\n  limit (tar -xzO) ${limit.toFixed(0)} records/s, same again ${same.toFixed(0)}`,
  );
  printBudget('first load / limit', `${(first / limit).toFixed(2)} x`, '>= 1 x', first >= limit);
  printBudget('same again / limit', `${(same / limit).toFixed(2)} x`, '>= 1 x', same >= limit);
  printBudget(
    'first load / InvenioRDM (90 records/s)',
    `${(first / INVENIO).toFixed(0)} x`,
    '>= 15 x',
    first >= 15 * INVENIO,
  );
  printBudget('peak memory of the worker', `${peak.toFixed(0)} MB`, '<= 256 MB', peak <= 256);
}
